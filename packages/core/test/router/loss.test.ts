import { describe, expect, test } from 'vitest'
import { message, text } from '../../src/message.ts'
import type { MillraceError } from '../../src/errors.ts'
import { mill, turns } from './kit.ts'

const short = { lease: 1000, maxLease: 1000 }

describe('a delivery that is lost', () => {
  test('aborts the signal of its handler, and what the handler says of it no longer counts', async () => {
    await using m = mill()
    const reasons: string[] = []
    const ends: (() => void)[] = []
    m.router.handle('h', { subscriber: m.broker, topic: 't', subscribe: short }, (_, { signal, delivery }) => {
      if (delivery.attempt > 1) return
      signal.addEventListener('abort', () => reasons.push((signal.reason as MillraceError).code))
      return new Promise<void>(resolve => ends.push(resolve))
    })
    await m.run()

    await m.publish('t', 'a')
    await m.clock.advance(10_000)
    ends[0]?.()
    await m.clock.advance(10_000)
    await turns()

    expect(reasons).toEqual(['LOST'])
    expect(m.router.stats['h']).toMatchObject({ lost: 1, acked: 1, inFlight: 0 })
  })

  test('ends the retries: the message is somebody else’s now', async () => {
    await using m = mill()
    let calls = 0
    m.router.handle(
      'h',
      { subscriber: m.broker, topic: 't', subscribe: short, retry: { attempts: 100, base: 5000, jitter: 'none' } },
      (_, { delivery }) => {
        if (delivery.attempt > 1) return
        calls++
        throw new Error('no')
      },
    )
    await m.run()

    await m.publish('t', 'a')
    await m.clock.advance(60_000)
    await turns()

    expect(calls).toBe(1)
    expect(m.router.stats['h']).toMatchObject({ lost: 1, acked: 1 })
  })

  test('with an order it is handled again before what came after it, and never beside itself', async () => {
    await using m = mill()
    const seen: string[] = []
    const ends: (() => void)[] = []
    let running = 0
    let most = 0
    m.router.handle(
      'h',
      { subscriber: m.broker, topic: 't', subscribe: short, concurrency: 4, orderBy: () => 'k' },
      async (one, { delivery }) => {
        seen.push(`${text(one)}${delivery.attempt}`)
        most = Math.max(most, ++running)
        if (seen.length === 1) await new Promise<void>(resolve => ends.push(resolve))
        running--
      },
    )
    await m.run()

    await m.broker.publish('t', [message('a'), message('b')])
    await m.clock.advance(20_000)
    expect(seen).toEqual(['a1'])
    ends[0]?.()
    for (let i = 0; i < 5; i++) await m.clock.advance(10_000)
    await turns()

    expect(most).toBe(1)
    expect(seen[1]?.slice(0, 1)).toBe('a')
    expect(seen.some(one => one.startsWith('b'))).toBe(true)
    expect(m.router.stats['h']).toMatchObject({ inFlight: 0, waiting: 0 })
    expect(await m.broker.lag?.('t', 'h')).toMatchObject({ messages: 0 })
  })
})
