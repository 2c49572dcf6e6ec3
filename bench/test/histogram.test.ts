import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Histogram } from '../histogram.ts'

test('any percentile is within a thirty-second of the sorted truth', () => {
  fc.assert(
    fc.property(
      fc.array(fc.maxSafeNat(), { minLength: 1, maxLength: 300 }),
      fc.constantFrom(0, 1, 50, 90, 99, 99.9, 100),
      (values, percent) => {
        const histogram = new Histogram()
        for (const value of values) histogram.record(value)
        const sorted = values.toSorted((a, b) => a - b)
        const truth = sorted[Math.max(1, Math.ceil((percent / 100) * values.length)) - 1] ?? Number.NaN

        expect(histogram.percentile(percent)).toBeGreaterThanOrEqual(truth)
        expect(histogram.percentile(percent)).toBeLessThanOrEqual(truth * (1 + 1 / 32))
      },
    ),
  )
})

test('an empty one knows nothing', () => {
  expect(new Histogram().percentile(50)).toBeNaN()
  expect(new Histogram().max).toBeNaN()
})
