import { describe, expect, test } from 'vitest'
import { memory } from '../../src/memory/index.ts'
import { message, text } from '../../src/message.ts'
import { Router } from '../../src/router/router.ts'
import { silent } from '../../src/logger.ts'
import { mill, turns } from './kit.ts'

const keyed = (...texts: string[]) => texts.map(one => message(one, { key: one.slice(0, 1) }))
const byKey = ({ message }: { message: { key?: string } }) => message.key

describe('concurrency', () => {
  test('runs so many at a time and no more, and takes the next as one ends', async () => {
    await using m = mill()
    const ends: (() => void)[] = []
    const begun: string[] = []
    m.router.handle('h', { subscriber: m.broker, topic: 't', concurrency: 2 }, one => {
      begun.push(text(one))
      return new Promise<void>(resolve => ends.push(resolve))
    })
    await m.run()

    await m.publish('t', 'a', 'b', 'c', 'd')
    expect(begun).toEqual(['a', 'b'])
    ends[1]?.()
    await turns()

    expect(begun).toEqual(['a', 'b', 'c'])
    expect(m.router.stats['h']).toMatchObject({ inFlight: 2, acked: 1 })
  })

  test('a handler without a promise is done when it returns', async () => {
    await using m = mill()
    m.router.handle('h', { subscriber: m.broker, topic: 't' }, () => undefined)
    await m.run()

    await m.publish('t', ...Array.from('abcdefghij'))

    expect(m.router.stats['h']).toMatchObject({ acked: 10, inFlight: 0 })
  })
})

describe('orderBy', () => {
  test('is parallel across keys and serial within one', async () => {
    await using m = mill()
    const ends = new Map<string, () => void>()
    const begun: string[] = []
    m.router.handle('h', { subscriber: m.broker, topic: 't', concurrency: 8, orderBy: byKey }, one => {
      begun.push(text(one))
      return new Promise<void>(resolve => ends.set(text(one), resolve))
    })
    await m.run()

    await m.broker.publish('t', keyed('a1', 'a2', 'b1', 'a3', 'b2'))
    await turns()
    expect(begun).toEqual(['a1', 'b1'])
    expect(m.router.stats['h']).toMatchObject({ inFlight: 2, waiting: 3 })
    ends.get('b1')?.()
    await turns()
    expect(begun).toEqual(['a1', 'b1', 'b2'])
    ends.get('a1')?.()
    await turns()

    expect(begun).toEqual(['a1', 'b1', 'b2', 'a2'])
  })

  test('keeps the order of a key through redelivery while other keys pass', async () => {
    await using m = mill()
    const seen: string[] = []
    let fails = 2
    m.router.handle(
      'h',
      {
        subscriber: m.broker,
        topic: 't',
        concurrency: 4,
        orderBy: byKey,
        redeliver: { attempts: 5, backoff: { base: 1000, jitter: 'none' } },
      },
      (one, { delivery }) => {
        seen.push(`${text(one)}.${delivery.attempt}`)
        if (text(one) === 'a1' && fails-- > 0) throw new Error('no')
      },
    )
    await m.run()

    await m.broker.publish('t', keyed('a1', 'a2', 'b1', 'a3', 'b2'))
    await turns()
    expect(seen).toEqual(['a1.1', 'b1.1', 'b2.1'])
    await m.clock.advance(1000)
    await turns()
    expect(seen.slice(3)).toEqual(['a1.2'])
    await m.clock.advance(2000)
    await turns()

    expect(seen.slice(3)).toEqual(['a1.2', 'a1.3', 'a2.1', 'a3.1'])
    expect(m.router.stats['h']).toMatchObject({ acked: 5, waiting: 0 })
  })

  test('opens the key when the failed one is dead-lettered', async () => {
    await using m = mill()
    const seen: string[] = []
    m.router.handle(
      'h',
      { subscriber: m.broker, topic: 't', orderBy: byKey, redeliver: { attempts: 2 }, deadLetter: 'dead' },
      one => {
        seen.push(text(one))
        if (text(one) === 'a1') throw new Error('no')
      },
    )
    await m.run()

    await m.broker.publish('t', keyed('a1', 'a2'))
    await turns()
    for (let i = 0; i < 5; i++) await m.clock.advance(10_000)

    expect(seen).toEqual(['a1', 'a1', 'a2'])
  })

  test('a handler that nacks by hand and returns keeps the order, too', async () => {
    await using m = mill()
    const seen: string[] = []
    m.router.handle('h', { subscriber: m.broker, topic: 't', orderBy: byKey }, (one, { delivery }) => {
      seen.push(text(one))
      if (delivery.attempt === 1 && text(one) === 'a1') delivery.nack({ delay: 500 })
    })
    await m.run()

    await m.broker.publish('t', keyed('a1', 'a2'))
    await turns()
    expect(seen).toEqual(['a1'])
    await m.clock.advance(500)
    await turns()

    expect(seen).toEqual(['a1', 'a1', 'a2'])
  })

  test('without a key there is no order; a key that cannot be had fails the delivery', async () => {
    await using m = mill()
    let calls = 0
    const never = () => {
      calls++
      return new Promise<void>(() => undefined)
    }
    m.router.handle('none', { subscriber: m.broker, topic: 't', concurrency: 3, orderBy: () => undefined }, never)
    const orderBy = () => {
      throw new Error('no key')
    }
    m.router.handle('bad', { subscriber: m.broker, topic: 't', orderBy, redeliver: { attempts: 1 } }, never)
    await m.run()

    await m.publish('t', 'a', 'b', 'c')

    expect(calls).toBe(3)
    expect(m.router.stats['bad']).toMatchObject({ rejected: 3, inFlight: 0 })
  })

  test('a handler that ignores its signal keeps its key: nothing of it runs beside it', async () => {
    await using m = mill()
    const { promise, resolve } = Promise.withResolvers<void>()
    const seen: string[] = []
    m.router.handle(
      'h',
      {
        subscriber: m.broker,
        topic: 't',
        concurrency: 4,
        orderBy: byKey,
        timeout: 1000,
        retry: { attempts: 2, base: 0 },
      },
      one => {
        seen.push(text(one))
        return seen.length === 1 ? promise : undefined
      },
    )
    await m.run()

    await m.broker.publish('t', keyed('a1', 'a2'))
    await m.clock.advance(60_000)
    expect(seen).toEqual(['a1'])
    resolve()
    await m.clock.advance(10)
    await turns()

    expect(seen).toEqual(['a1', 'a1', 'a2'])
  })

  test('a long queue of one key is worked off without growing the stack', async () => {
    const broker = memory()
    const router = new Router({ logger: silent })
    const seen: number[] = []
    const { promise, resolve } = Promise.withResolvers<void>()
    router.handle(
      'h',
      { subscriber: broker, topic: 't', orderBy: () => 'k', concurrency: 2, subscribe: { prefetch: 50_000 } },
      one => {
        seen.push(Number(text(one)))
        return seen.length === 1 ? promise : undefined
      },
    )
    router.run().catch(() => undefined)
    await router.running
    await broker.publish(
      't',
      Array.from({ length: 20_000 }, (_, i) => message(String(i))),
    )
    await turns(60)

    resolve()
    await turns(60)

    expect(seen).toEqual(Array.from({ length: 20_000 }, (_, i) => i))
    await router.close()
    await broker.close()
  })

  test('many keys, failures at random and many slots: each key is in order and nothing is lost', async () => {
    await using m = mill()
    const done = new Map<string, number[]>()
    let seed = 42
    const random = () => (seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648) / 2_147_483_648
    m.router.handle(
      'h',
      {
        subscriber: m.broker,
        topic: 't',
        concurrency: 7,
        orderBy: byKey,
        redeliver: { attempts: 1000, backoff: { base: 50 } },
      },
      async one => {
        await new Promise<void>(resolve => m.clock.after(Math.floor(random() * 20), resolve))
        if (random() < 0.3) throw new Error('unlucky')
        const [key = '', n] = text(one).split('-')
        done.set(key, [...(done.get(key) ?? []), Number(n)])
      },
    )
    await m.run()

    await m.broker.publish(
      't',
      Array.from({ length: 200 }, (_, i) => message(`k${i % 9}-${i}`, { key: `k${i % 9}` })),
    )
    while (m.router.stats['h']!.acked < 200) await m.clock.advance(100)

    for (const [key, numbers] of done) {
      expect(numbers, key).toEqual(numbers.toSorted((a, b) => a - b))
      expect(new Set(numbers).size).toBe(numbers.length)
    }
  })
})
