import type { CipherSuite } from '../cipher/cipher.ts'

/** What CURVE needs from outside: the box, X25519 and randomness. */
export interface CurveCrypto {
  readonly suite: CipherSuite
  /** Unpredictable octets. */
  readonly random: (count: number) => Uint8Array
  /** A new key pair for one connection. */
  readonly keyPair: () => CurveSecret
}

/** A secret key of X25519, ready for use; made once for each socket, since making one is a good part of a handshake. */
export interface CurveSecret {
  /** 32 octets. */
  readonly publicKey: Uint8Array
  /** The X25519 result with another's public key, or undefined where that is a point of low order (all zeros come out). */
  shared(publicKey: Uint8Array): Uint8Array | undefined
}

/** The key of the boxes between two key pairs, or undefined where the other's public key is no good. */
export function boxKeyOf(crypto: CurveCrypto, secret: CurveSecret, publicKey: Uint8Array): Uint8Array | undefined {
  const shared = secret.shared(publicKey)
  if (shared === undefined) return undefined
  const key = crypto.suite.boxKey(shared)
  shared.fill(0)
  return key
}

/** A nonce of 24 octets: the prefix in ASCII and the rest as given (8 octets after 16, 16 after 8). */
export function nonceOf(prefix: string, rest: Uint8Array): Uint8Array {
  const nonce = new Uint8Array(24)
  for (let i = 0; i < prefix.length; i++) nonce[i] = prefix.charCodeAt(i)
  nonce.set(rest, prefix.length)
  return nonce
}

/** The octets of a short nonce's counter. */
export function shortNonce(counter: number): Uint8Array {
  return Uint8Array.of(0, 0, 0, 0, 0, 0, 0, counter)
}
