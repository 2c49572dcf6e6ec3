/** Numbers from 0 to below `bound` that are the same for the same seed (xorshift). */
export function random(seed: number): (bound: number) => number {
  let state = (seed * 2654435761) >>> 0 || 1
  return bound => {
    state ^= state << 13
    state >>>= 0
    state ^= state >>> 17
    state ^= state << 5
    state >>>= 0
    return state % bound
  }
}

export function randomOctets(next: (bound: number) => number, size: number): Buffer {
  const octets = Buffer.alloc(size)
  for (let at = 0; at < size; at++) octets[at] = next(256)
  return octets
}
