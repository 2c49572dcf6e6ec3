import { expect, test } from 'vitest'
import { climb, holds, LONGEST, matching, RUNGS, UNIT } from '../src/ladder.ts'

/** ms that a message waits on its way down, as the exchanges' bindings have it. */
function waits(delay: number): number {
  const { rung, key } = climb(delay, 't.orders')
  const words = key.split('.')
  let total = 0
  for (let at = rung; at >= 0; at--) {
    const stops = (['0', '1'] as const).filter(bit => bound(matching(at, bit), words))
    expect(stops).toHaveLength(1)
    if (stops[0] === '1') total += holds(at)
  }
  return total
}

/** A topic exchange's match, for keys that end in `#` or stars and words. */
function bound(binding: string, words: readonly string[]): boolean {
  return binding.split('.').every((one, i) => one === '#' || one === '*' || one === words[i])
}

test('a delay is the sum of the rungs that its bits name, rounded up to the unit', () => {
  expect(waits(UNIT)).toBe(UNIT)
  expect(waits(1)).toBe(UNIT)
  expect(waits(1234)).toBe(1240)
  expect(waits(3_600_000)).toBe(3_600_000)
  expect(waits(LONGEST)).toBe(LONGEST)
})

test('it enters at its highest rung, so that no rung is passed for nothing', () => {
  expect(climb(UNIT, 'x').rung).toBe(0)
  expect(climb(5 * UNIT, 'x').rung).toBe(2)
  expect(climb(LONGEST, 'x').rung).toBe(RUNGS - 1)
})

test('the longest address there is fits into a routing key', () => {
  const address = `q.${'p'.repeat(20)}:${'g'.repeat(40)}:${'t'.repeat(126)}`

  expect(Buffer.byteLength(climb(LONGEST, address).key)).toBeLessThanOrEqual(255)
})
