import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { backoff } from '../../src/adapter/backoff.ts'
import { ContiguousTracker } from '../../src/adapter/contiguous.ts'
import { deadLetter, provenance, withoutProvenance } from '../../src/adapter/dead-letter.ts'
import { Ring } from '../../src/adapter/ring.ts'
import { message } from '../../src/message.ts'

describe('the ring', () => {
  test('is a queue, whatever is pushed, shifted, unshifted and removed', () => {
    const operation = fc.oneof(
      fc.record({ do: fc.constant('push' as const), value: fc.nat(3) }),
      fc.record({ do: fc.constant('unshift' as const), value: fc.nat(3) }),
      fc.record({ do: fc.constant('shift' as const), value: fc.constant(0) }),
      fc.record({ do: fc.constant('remove' as const), value: fc.nat(3) }),
    )
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 200 }), operations => {
        const ring = new Ring<number>()
        const model: number[] = []
        for (const { do: verb, value } of operations) {
          if (verb === 'shift') expect(ring.shift()).toBe(model.shift())
          else if (verb === 'remove') {
            const at = model.indexOf(value)
            expect(ring.remove(value)).toBe(at >= 0)
            if (at >= 0) model.splice(at, 1)
          } else {
            ring[verb](value)
            model[verb](value)
          }
        }
        expect([...ring]).toEqual(model)
        expect([ring.size, ring.peek()]).toEqual([model.length, model[0]])
      }),
    )
  })
})

describe('the contiguous tracker', () => {
  test('tells the highest number up to which all are settled, in whatever order they are', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(1000), { minLength: 1 }), fc.infiniteStream(fc.nat()), (numbers, random) => {
        const handed = numbers.toSorted((a, b) => a - b)
        const tracker = new ContiguousTracker()
        for (const number of handed) tracker.handed(number)
        const left = new Set(handed)
        let told: number | undefined

        for (const number of numbers.toSorted(() => (random.next().value % 2 ? 1 : -1))) {
          left.delete(number)
          told = tracker.settled(number) ?? told
          const oldest = handed.find(one => left.has(one))
          const done = handed.filter(one => oldest === undefined || one < oldest).at(-1)
          expect(told).toBe(done)
          expect(tracker.oldest).toBe(oldest)
        }
        expect(tracker.size).toBe(0)
      }),
    )
  })

  test('what it never heard of, and what is settled already, moves nothing', () => {
    const tracker = new ContiguousTracker()
    tracker.handed(5)

    expect([tracker.settled(4), tracker.settled(5), tracker.settled(5)]).toEqual([undefined, 5, undefined])
  })
})

describe('backoff', () => {
  test('doubles up to its maximum, and draws evenly below', () => {
    const bounds = backoff({ base: 100, max: 1000, jitter: 'none' })
    const drawn = backoff({ base: 100, max: 1000 }, () => 0.5)

    expect([1, 2, 3, 4, 5, 99].map(bounds)).toEqual([100, 200, 400, 800, 1000, 1000])
    expect([1, 2, 9].map(drawn)).toEqual([50, 100, 500])
  })

  test('attempts beyond counting do not overflow', () => {
    expect(backoff({ jitter: 'none' })(1e9)).toBe(30_000)
  })

  test.each([[{ base: 5, max: 1 }], [{ factor: 0.5 }], [{ base: Number.NaN }]])('%j is a bad option', options => {
    expect(() => backoff(options)).toThrow(expect.objectContaining({ code: 'BAD_OPTION' }))
  })
})

describe('a dead letter', () => {
  const raw = { topic: 't', message: message('a', { metadata: { k: 'v' } }), attempt: 3, origin: {} }

  test('tells where it came from and why, and can be made as it was', () => {
    const letter = deadLetter({
      raw,
      group: 'g',
      attempts: 3,
      error: new TypeError('no'),
      firstError: new Error('first'),
    })

    expect(letter.id).toBe(raw.message.id)
    expect(provenance(letter)).toMatchObject({
      topic: 't',
      group: 'g',
      attempts: 3,
      error: 'TypeError: no',
      firstError: 'Error: first',
      stack: expect.stringContaining('parts.test.ts') as string,
    })
    expect(withoutProvenance(letter)).toEqual(raw.message)
  })

  test('carries 4 KiB of it at most, well-formed and without U+0000, whatever the error says', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 9000 }), text => {
        const letter = deadLetter({ raw, group: 'g', attempts: 1, error: new Error(text), firstError: text })
        const added = Object.entries(letter.metadata).filter(([key]) => key.startsWith('millrace-dead-'))

        const bytes = added.reduce((sum, [key, value]) => sum + key.length + Buffer.byteLength(value), 0)
        expect(bytes).toBeLessThanOrEqual(4096)
        for (const [, value] of added) expect(value.isWellFormed() && !value.includes('\0')).toBe(true)
      }),
    )
  })

  test('that dies again tells of its last death', () => {
    const once = deadLetter({ raw, group: 'g', attempts: 3, error: 'first death', firstError: undefined })
    const twice = deadLetter({
      raw: { ...raw, topic: 't.g.dead', message: once },
      group: 'h',
      attempts: 1,
      error: 'second',
      firstError: undefined,
    })

    expect(provenance(twice)).toEqual({ topic: 't.g.dead', group: 'h', attempts: 1, error: 'second' })
  })
})
