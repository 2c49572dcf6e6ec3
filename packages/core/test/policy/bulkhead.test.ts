import { describe, expect, test } from 'vitest'
import { Bulkhead, bulkhead } from '../../src/policy/bulkhead.ts'
import { settled } from '../../src/testing/virtual-clock.ts'
import { fakeContext } from '../router/kit.ts'

describe('bulkhead', () => {
  test('runs so many attempts at a time over all handlers that share it, and then the next', async () => {
    const shared = new Bulkhead({ limit: 2 })
    const ends: (() => void)[] = []
    const order: unknown[] = []
    const work = (value: unknown) => {
      order.push(value)
      return new Promise<void>(resolve => ends.push(resolve))
    }
    const [one, other] = [bulkhead(shared)(work), bulkhead(shared)(work)]

    for (let i = 0; i < 4; i++) void (i % 2 ? one : other)(i, fakeContext())
    await settled()
    expect([order, shared.running, shared.waiting]).toEqual([[0, 1], 2, 2])
    ends.shift()?.()
    await settled()

    expect([order, shared.running, shared.waiting]).toEqual([[0, 1, 2], 2, 1])
  })

  test('a place is free again however the attempt ended', async () => {
    const shared = new Bulkhead({ limit: 1 })
    const wrap = bulkhead(shared)
    const context = fakeContext()

    expect(() =>
      wrap(() => {
        throw new Error('at once')
      })(1, context),
    ).toThrow('at once')
    await expect(wrap(() => Promise.reject(new Error('later')))(1, context)).rejects.toThrow('later')
    await wrap(() => Promise.resolve())(1, context)
    wrap(() => 7)(1, context)

    expect(shared.running).toBe(0)
  })

  test('one who is stopped while waiting takes no place', async () => {
    const shared = new Bulkhead({ limit: 1 })
    const stop = new AbortController()
    shared.tryEnter()
    const waiting = shared.enter(stop.signal).catch(() => 'stopped')

    stop.abort()
    expect(await waiting).toBe('stopped')
    shared.leave()

    expect([shared.running, shared.waiting]).toEqual([0, 0])
  })

  test.each([0, -1, 1.5])('refuses a limit of %d', limit => {
    expect(() => new Bulkhead({ limit })).toThrow(expect.objectContaining({ code: 'BAD_OPTION' }))
  })
})
