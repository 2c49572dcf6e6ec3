/** Chance that can be had again: every number follows from the seed (xorshift32). */
export interface Chance {
  /** From 0 up to but not including 1. */
  readonly next: () => number
  /** True in so large a part of the cases. */
  readonly is: (part: number) => boolean
  readonly pick: <T>(list: readonly [T, ...T[]]) => T
}

export function chance(seed: number): Chance {
  let state = (seed * 2_654_435_761) >>> 0 || 1
  const next = (): number => {
    state ^= state << 13
    state >>>= 0
    state ^= state >>> 17
    state = (state ^ (state << 5)) >>> 0
    return state / 2 ** 32
  }
  return {
    next,
    is: part => next() < part,
    pick: list => list[Math.floor(next() * list.length)] ?? list[0],
  }
}
