import { expect, test } from 'vitest'
import { fuzz, TARGETS } from '../fuzz/fuzz.ts'
import type { Random } from '../fuzz/random.ts'

// The short form of fuzz/run.ts: other inputs each day would make a failure hard to repeat, so that the seed is fixed.
test.each(TARGETS)('$name holds against 4,000 inputs', target => {
  const { inputs } = fuzz({ inputs: 4000, seed: 20_240, targets: [target] })

  expect(inputs).toBe(4000)
})

test('a fuzzer finds a parser that is wrong', () => {
  const wrong = {
    name: 'wrong',
    weight: 1,
    run(random: Random) {
      if (random.octets(2).every(octet => octet > 240)) throw new Error('caught')
    },
  }

  expect(() => fuzz({ inputs: 4000, seed: 1, targets: [wrong] })).toThrow(/wrong, seed \d+: caught/)
})
