/** Compares two secrets in a time that depends on their lengths alone (as far as JavaScript can promise). */
export function equalSecrets(a: Uint8Array, b: Uint8Array): boolean {
  let difference = a.length ^ b.length
  // Walks the whole of `a` even where `b` is shorter; reading past its end gives 0.
  for (let i = 0; i < a.length; i++) difference |= a[i]! ^ (b[i] ?? 0)
  return difference === 0
}
