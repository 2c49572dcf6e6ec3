/**
 * Delays without a plugin: a fixed ladder of queues. Each rung holds a message for a power of two of its unit and then
 * dead-letters it to the next lower one; which rungs a message stops at is written in its routing key as bits. However
 * many different delays are asked for, the queues stay the same, and none ever has a shorter delay behind a longer one.
 */

/** The shortest wait in ms; others are rounded up to a multiple of it. */
export const UNIT = 10
/** How many rungs there are. */
export const RUNGS = 26
/** The longest delay in ms: a little over a week. */
export const LONGEST: number = UNIT * (2 ** RUNGS - 1)

/** Stands in a binding for the bits of whatever delay. */
export const ANY_BITS: string = '*.'.repeat(RUNGS)

/** ms that a rung holds a message. */
export function holds(rung: number): number {
  return UNIT * 2 ** rung
}

/** Where a message is to enter, and the routing key that carries it through. PURE. */
export function climb(delay: number, address: string): { readonly rung: number; readonly key: string } {
  const units = Math.min(Math.ceil(delay / UNIT), 2 ** RUNGS - 1)
  const bits = units.toString(2)
  return { rung: bits.length - 1, key: `${bits.padStart(RUNGS, '0').split('').join('.')}.${address}` }
}

/** What a rung's exchange matches: messages that stop at it, or those that pass. */
export function matching(rung: number, bit: '0' | '1'): string {
  return `${'*.'.repeat(RUNGS - 1 - rung)}${bit}.#`
}
