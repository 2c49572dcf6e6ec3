import { describe, expect, test } from 'vitest'
import { MillraceError } from '../../src/errors.ts'
import { deadLetter, redeliver } from '../../src/policy/redeliver.ts'
import { fakeContext, fakeDelivery } from '../router/kit.ts'

const fails = () => Promise.reject(new Error('no'))

describe('redeliver as middleware', () => {
  test.each([
    [1, 'nack 100'],
    [2, 'nack 200'],
    [3, 'reject'],
  ])('the failure of delivery %d is settled by %s', async (attempt, said) => {
    const context = fakeContext({ delivery: fakeDelivery({ attempt }) })

    await expect(redeliver({ attempts: 3, backoff: { base: 100, jitter: 'none' } })(fails)(1, context)).rejects.toThrow(
      'no',
    )

    expect(context.delivery.said).toEqual([said])
  })

  test('what was only given back is not its business', async () => {
    const context = fakeContext()

    await expect(
      redeliver()(() => Promise.reject(new MillraceError('BREAKER_OPEN', 'open')))(1, context),
    ).rejects.toThrow('open')

    expect(context.delivery.said).toEqual([])
  })
})

describe('deadLetter as middleware', () => {
  test('rejects what it is for and lets other errors fail as ever', async () => {
    const wrapped = deadLetter({ when: error => error instanceof RangeError })
    const [bad, other] = [fakeContext(), fakeContext()]

    await expect(wrapped(() => Promise.reject(new RangeError('bad')))(1, bad)).rejects.toThrow('bad')
    await expect(wrapped(fails)(1, other)).rejects.toThrow('no')

    expect([bad.delivery.said, other.delivery.said]).toEqual([['reject'], []])
  })

  test('sits around the retries unless it is told otherwise', () => {
    expect([deadLetter().per, redeliver().per]).toEqual(['delivery', 'delivery'])
  })
})
