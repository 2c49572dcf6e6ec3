/** Numbers that look random and are the same at every run (mulberry32). */
export function numbers(seed: number): (below: number) => number {
  let state = seed
  return below => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) % below
  }
}

export function randomOctets(random: (below: number) => number, size: number): Uint8Array {
  const octets = new Uint8Array(size)
  for (let i = 0; i < size; i++) octets[i] = random(256)
  return octets
}

/** Packed records with bodies of these sizes, every third with MORE and now and then a COMMAND. */
export function packed(random: (below: number) => number, sizes: readonly number[]): Uint8Array {
  const parts = sizes.map((size, i) => {
    const flags = i % 3 === 0 ? 1 : i % 7 === 0 ? 4 : 0
    const body = randomOctets(random, size)
    if (size < 256) return Buffer.concat([Uint8Array.of(flags, size), body])
    const header = Buffer.alloc(9)
    header[0] = flags | 2
    header.writeUIntBE(size, 3, 6)
    return Buffer.concat([header, body])
  })
  return new Uint8Array(Buffer.concat(parts))
}

export function nonce(counter: number): Uint8Array {
  return Uint8Array.of(0, 0, 0, 0, 0, 0, 0, counter)
}
