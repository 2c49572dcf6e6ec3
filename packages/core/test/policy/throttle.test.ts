import { describe, expect, test } from 'vitest'
import { Throttle, throttle } from '../../src/policy/throttle.ts'
import { virtualClock } from '../../src/testing/virtual-clock.ts'
import { fakeContext } from '../router/kit.ts'

describe('throttle', () => {
  test('lets at most so many attempts begin in any stretch of that length', async () => {
    const clock = virtualClock()
    const start = clock.now()
    const began: number[] = []
    const handler = throttle({ rate: 3, per: 1000 })(() => void began.push(clock.now() - start))
    const context = fakeContext({ clock })

    for (let i = 0; i < 4; i++) void handler(i, context)
    await clock.advance(600)
    for (let i = 0; i < 4; i++) void handler(i, context)
    await clock.advance(10_000)

    expect(began).toEqual([0, 0, 0, 1000, 1000, 1000, 2000, 2000])
    expect(clock.pending).toBe(0)
  })

  test('the order of waiting is the order of beginning', async () => {
    const clock = virtualClock()
    const order: unknown[] = []
    const handler = throttle({ rate: 1, per: 10 })(value => void order.push(value))

    for (let i = 0; i < 5; i++) void handler(i, fakeContext({ clock }))
    await clock.advance(100)

    expect(order).toEqual([0, 1, 2, 3, 4])
  })

  test('handlers that share one share the rate', async () => {
    const clock = virtualClock()
    const shared = new Throttle({ rate: 2, per: 1000 }, clock)
    let calls = 0
    const count = (): void => void calls++
    const [one, other] = [throttle(shared)(count), throttle(shared)(count)]

    for (let i = 0; i < 4; i++) void (i % 2 ? one : other)(i, fakeContext({ clock }))

    expect(calls).toBe(2)
    await clock.advance(1000)
    expect(calls).toBe(4)
  })

  test('one who is stopped while waiting takes no place and leaves no timer', async () => {
    const clock = virtualClock()
    const rate = new Throttle({ rate: 1, per: 1000 }, clock)
    const stop = new AbortController()
    await rate.take()
    const waiting = rate.take(stop.signal).catch(() => 'stopped')

    stop.abort()

    expect(await waiting).toBe('stopped')
    expect(clock.pending).toBe(0)
    await clock.advance(1000)
    expect(rate.tryTake()).toBe(true)
  })

  test('says how long until the next place', async () => {
    const clock = virtualClock()
    const rate = new Throttle({ rate: 2, per: 1000 }, clock)

    rate.tryTake()
    await clock.advance(400)
    rate.tryTake()

    expect([rate.delay, rate.tryTake()]).toEqual([600, false])
    await clock.advance(600)
    expect(rate.delay).toBe(0)
  })

  test.each([{ rate: 0 }, { rate: 1.5 }, { rate: 2_000_000 }, { rate: 1, per: 0 }])('refuses %o', options => {
    expect(() => throttle(options)).toThrow(expect.objectContaining({ code: 'BAD_OPTION' }))
  })
})
