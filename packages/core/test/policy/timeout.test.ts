import { describe, expect, test } from 'vitest'
import { isMillraceError } from '../../src/errors.ts'
import type { Context } from '../../src/handler.ts'
import { retry } from '../../src/policy/retry.ts'
import { Timeout, timeout } from '../../src/policy/timeout.ts'
import { settled, virtualClock } from '../../src/testing/virtual-clock.ts'
import { fakeContext } from '../router/kit.ts'

/** Ends with the signal. */
const polite = (_: unknown, { signal }: Context) =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))

describe('timeout', () => {
  test('aborts the signal and fails the attempt', async () => {
    const clock = virtualClock()

    const result = Promise.resolve(timeout(1000)(polite)(1, fakeContext({ clock }))).catch((error: unknown) => error)
    await clock.advance(1000)

    expect(isMillraceError(await result, 'TIMEOUT')).toBe(true)
  })

  test('an attempt in time is untouched and leaves nothing', async () => {
    const clock = virtualClock()
    const bound = new Timeout(1000)
    const slow = bound.around(async (_: unknown, context: Context) => {
      await new Promise<void>(resolve => context.clock.after(999, resolve))
      return context.signal.aborted
    })

    const result = Promise.resolve(slow(1, fakeContext({ clock })))
    await clock.advance(999)

    expect(await result).toBe(false)
    bound.rest()
    expect(clock.pending).toBe(0)
  })

  test('a handler that ignores its signal fails when it has ended, not before', async () => {
    const clock = virtualClock()
    const { promise, resolve } = Promise.withResolvers<string>()
    let outcome = 'running'

    const result = Promise.resolve(timeout(1000)(() => promise)(1, fakeContext({ clock }))).catch(
      (error: { code: string }) => (outcome = error.code),
    )
    await clock.advance(60_000)
    expect(outcome).toBe('running')
    resolve('done after all')
    await result

    expect(outcome).toBe('TIMEOUT')
  })

  test('leaves a fresh signal for the next attempt', async () => {
    const clock = virtualClock()
    const aborted: boolean[] = []
    const handler = (value: unknown, context: Context) => {
      aborted.push(context.signal.aborted)
      return aborted.length === 1 ? polite(value, context) : 'done'
    }

    const result = Promise.resolve(retry({ base: 0 })(timeout(1000)(handler))(1, fakeContext({ clock })))
    await clock.advance(1000)

    expect(await result).toBe('done')
    expect(aborted).toEqual([false, false])
  })

  test('the signal follows the outer one', async () => {
    const clock = virtualClock()
    const context = fakeContext({ clock })
    const reason = new Error('lost')

    const result = Promise.resolve(timeout(1000)(polite)(1, context)).catch((error: unknown) => error)
    context.abort(reason)

    expect(await result).toBe(reason)
  })

  test('attempts that began at different times are each bounded by their own', async () => {
    const clock = virtualClock()
    const over: number[] = []
    const handler = timeout(1000)(polite)
    const began = clock.now()
    const begin = (): void =>
      void Promise.resolve(handler(1, fakeContext({ clock }))).catch(() => over.push(clock.now() - began))

    begin()
    await clock.advance(300)
    begin()
    await clock.advance(300)
    begin()
    await clock.advance(5000)
    await settled()

    expect(over).toEqual([1000, 1300, 1600])
    expect(clock.pending).toBe(0)
  })

  test('a handler that gives no promise is called as it is', () => {
    expect(timeout(1000)(() => 7)(1, fakeContext())).toBe(7)
  })

  test.each([0, -1, Number.NaN, Infinity])('refuses %d', after => {
    expect(() => timeout(after)).toThrow(expect.objectContaining({ code: 'BAD_OPTION' }))
  })
})
