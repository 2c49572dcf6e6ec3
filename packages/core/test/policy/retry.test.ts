import { describe, expect, test } from 'vitest'
import { MillraceError } from '../../src/errors.ts'
import { captureLogger } from '../../src/logger.ts'
import type { RetryEvent } from '../../src/policy/retry.ts'
import { retry } from '../../src/policy/retry.ts'
import { virtualClock } from '../../src/testing/virtual-clock.ts'
import { fakeContext } from '../router/kit.ts'

/** Fails until the given attempt, counting. */
function flaky(succeedsAt: number, error: () => unknown = () => new Error('no')) {
  const at: number[] = []
  const clock = virtualClock()
  const start = clock.now()
  return {
    at,
    clock,
    handler: () => {
      at.push(clock.now() - start)
      if (at.length < succeedsAt) throw error()
      return 'done'
    },
  }
}

const steady = { base: 100, jitter: 'none' } as const

describe('retry', () => {
  test('calls again after waits that double, and gives what came of it', async () => {
    const { at, clock, handler } = flaky(4)

    const result = Promise.resolve(retry({ attempts: 5, ...steady })(handler)(1, fakeContext({ clock })))
    await clock.advance(1000)

    expect(await result).toBe('done')
    expect(at).toEqual([0, 100, 300, 700])
    expect(clock.pending).toBe(0)
  })

  test('gives up after so many calls, with the last error', async () => {
    let calls = 0
    const clock = virtualClock()
    const handler = () => {
      throw new Error(`no ${++calls}`)
    }

    const result = Promise.resolve(retry({ attempts: 3, ...steady })(handler)(1, fakeContext({ clock }))).catch(
      (error: Error) => error.message,
    )
    await clock.advance(10_000)

    expect(await result).toBe('no 3')
  })

  test('one attempt is no retry, and throws as the handler did', () => {
    const { handler } = flaky(2)

    expect(() => retry({ attempts: 1 })(handler)(1, fakeContext())).toThrow('no')
  })

  test('waits with full jitter: anything from nothing to the bound', async () => {
    const draws = [0, 0.5, 0.25]
    const { at, clock, handler } = flaky(4)

    const result = Promise.resolve(
      retry({ attempts: 4, base: 100, random: () => draws.shift() ?? 0 })(handler)(1, fakeContext({ clock })),
    )
    await clock.advance(1000)

    expect(await result).toBe('done')
    expect(at).toEqual([0, 0, 100, 200])
  })

  test('hooks and classification see the waits that are really waited, and change none', async () => {
    const { at, clock, handler } = flaky(4)
    const seen: Pick<RetryEvent, 'attempt' | 'delay'>[] = []

    const result = Promise.resolve(
      retry({
        attempts: 4,
        ...steady,
        retryable: () => true,
        onRetry: ({ attempt, delay }) => void seen.push({ attempt, delay }),
      })(handler)(1, fakeContext({ clock })),
    )
    await clock.advance(1000)

    expect(await result).toBe('done')
    expect(seen).toEqual([
      { attempt: 1, delay: 100 },
      { attempt: 2, delay: 200 },
      { attempt: 3, delay: 400 },
    ])
    expect(at).toEqual([0, 100, 300, 700])
  })

  test('a hook that throws is logged and stops nothing', async () => {
    const { clock, handler } = flaky(2)
    const logger = captureLogger()
    const onRetry = () => {
      throw new Error('hook')
    }

    const result = Promise.resolve(retry({ ...steady, onRetry })(handler)(1, fakeContext({ clock, logger })))
    await clock.advance(100)

    expect(await result).toBe('done')
    expect(logger.lines.some(({ text }) => text === 'onRetry threw')).toBe(true)
  })

  test('begins no retry later than the elapsed time allows', async () => {
    const { at, clock, handler } = flaky(10)

    const result = Promise.resolve(
      retry({ attempts: 10, ...steady, elapsed: 300 })(handler)(1, fakeContext({ clock })),
    ).catch(() => 'gave up')
    await clock.advance(10_000)

    expect(await result).toBe('gave up')
    expect(at).toEqual([0, 100, 300])
  })

  test('an ignored error counts as done, at the first attempt and at a later one', async () => {
    const clock = virtualClock()
    const errors = [new Error('no'), new RangeError('whatever')]
    const handler = () => {
      throw errors.shift() ?? new RangeError('first')
    }
    const wrapped = retry({ ...steady, ignore: error => error instanceof RangeError })(handler)

    const later = Promise.resolve(wrapped(1, fakeContext({ clock })))
    await clock.advance(100)

    expect(await later).toBeUndefined()
    expect(wrapped(1, fakeContext({ clock }))).toBeUndefined()
  })

  test.each([
    ['not retryable', { retryable: () => false }, () => new Error('no')],
    ['fatal', { fatal: () => true }, () => new Error('no')],
    ['of a code that says so', {}, () => new MillraceError('INVALID_PAYLOAD', 'no')],
    ['an open breaker', { retryable: () => true }, () => new MillraceError('BREAKER_OPEN', 'no')],
  ])('an error that is %s is not retried', async (_, options, error) => {
    const { at, clock, handler } = flaky(2, error)

    const result = Promise.resolve(retry({ ...steady, ...options })(handler)(1, fakeContext({ clock })))

    await expect(result).rejects.toThrow('no')
    expect(at).toEqual([0])
  })

  test('a wait ends at once when the delivery is lost, with the handler error', async () => {
    const { at, clock, handler } = flaky(2)
    const context = fakeContext({ clock })

    const result = Promise.resolve(retry(steady)(handler)(1, context)).catch((error: Error) => error.message)
    await clock.advance(50)
    context.abort(new MillraceError('LOST', 'lost'))

    expect(await result).toBe('no')
    expect(at).toEqual([0])
    expect(clock.pending).toBe(0)
  })

  test('whatever is thrown becomes an error', async () => {
    const clock = virtualClock()
    const wrapped = retry({ attempts: 1 })(() => Promise.reject(undefined))

    await expect(wrapped(1, fakeContext({ clock }))).rejects.toBeInstanceOf(Error)
  })

  test.each([{ attempts: 0 }, { attempts: 1.5 }, { base: -1 }, { base: 10, max: 5 }, { factor: 0 }, { elapsed: -1 }])(
    'refuses %o',
    options => {
      expect(() => retry(options)).toThrow(expect.objectContaining({ code: 'BAD_OPTION' }))
    },
  )
})
