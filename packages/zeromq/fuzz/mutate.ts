import type { Random } from './random.ts'

/** Octets that are likely to be looked at: lengths, flags, ends of ranges. */
const EXTREMES = [0, 1, 2, 3, 4, 5, 6, 7, 0x1f, 0x20, 0x7e, 0x7f, 0x80, 0x81, 0x82, 0x88, 0x89, 0xfd, 0xfe, 0xff]

/**
 * A capture that went wrong on its way: one to five of cut short, bits flipped, octets replaced by extremes, parts left out,
 * doubled, moved or replaced by noise. Sometimes it is left as it was, and sometimes it is nothing but noise.
 */
export function mutate(random: Random, capture: Uint8Array): Uint8Array {
  if (random.oneIn(16)) return capture.slice()
  if (random.oneIn(16)) return random.octets(random.below(300))
  let octets: Uint8Array = capture.slice()
  for (let changes = 1 + random.below(5); changes > 0 && octets.length > 0; changes--) {
    const at = random.below(octets.length)
    const size = Math.min(octets.length - at, 1 + random.below(12))
    switch (random.below(8)) {
      case 0:
        octets = octets.slice(0, at)
        break
      case 1:
      case 2:
        octets[at]! ^= 1 << random.below(8)
        break
      case 3:
      case 4:
        octets[at] = random.pick(EXTREMES)
        break
      case 5:
        octets = joined(octets.subarray(0, at), octets.subarray(at + size))
        break
      case 6:
        octets = joined(octets.subarray(0, at + size), octets.subarray(at))
        break
      default:
        octets = joined(octets.subarray(0, at), random.octets(random.below(20)), octets.subarray(at))
    }
  }
  return octets
}

/** The octets in pieces: whole, one by one, or cut at random. */
export function pieces(random: Random, octets: Uint8Array): Uint8Array[] {
  const way = random.below(8)
  if (way === 0 || octets.length === 0) return [octets]
  const widest = way === 1 ? 1 : 1 + random.below(octets.length)
  const list: Uint8Array[] = []
  for (let at = 0; at < octets.length;) {
    const size = 1 + random.below(widest)
    list.push(octets.subarray(at, at + size))
    at += size
  }
  return list
}

export function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** Fails the input: what a target holds to be true is not. */
export function must(fact: boolean, what: string): asserts fact {
  if (!fact) throw new Error(`does not hold: ${what}`)
}
