import { describe, expect, test } from 'vitest'
import type { Message } from '../../src/contract.ts'
import { message, text } from '../../src/message.ts'
import { breaker, Breaker } from '../../src/policy/breaker.ts'
import { Bulkhead } from '../../src/policy/bulkhead.ts'
import { poisonQueue } from '../../src/middleware/poison-queue.ts'
import { instantAck } from '../../src/middleware/instant-ack.ts'
import { delayOnError } from '../../src/middleware/delay-on-error.ts'
import { everything, mill, turns } from './kit.ts'

describe('the breaker', () => {
  test('pauses the intake while it is open: no call, no nack, no spinning; then goes on where it was', async () => {
    await using m = mill()
    let healthy = false
    const seen: string[] = []
    m.router.handle(
      'h',
      {
        subscriber: m.broker,
        topic: 't',
        breaker: { failures: 2, cooldown: 10_000 },
        redeliver: { attempts: 50, backoff: { base: 1, max: 1 } },
      },
      one => {
        seen.push(text(one))
        if (!healthy) throw new Error('down')
      },
    )
    await m.run()

    await m.publish('t', 'a', 'b', 'c', 'd')
    await m.clock.advance(9_000)
    await turns(500)
    expect(seen).toHaveLength(2)
    expect(m.router.stats['h']).toMatchObject({ received: 2, nacked: 2, released: 0 })
    healthy = true
    await m.clock.advance(60_000)
    await turns()

    expect(m.router.stats['h']).toMatchObject({ acked: 4 })
  })

  test('that opens between intake and attempt gives the delivery back without counting it as a failure', async () => {
    await using m = mill()
    const fuse = new Breaker({ failures: 1, cooldown: 1000 }, m.clock)
    const attempts: number[] = []
    m.router.handle(
      'h',
      { subscriber: m.broker, topic: 't', breaker: fuse, throttle: { rate: 1, per: 500 }, concurrency: 2 },
      (one, { delivery }) => {
        attempts.push(delivery.attempt)
        if (text(one) === 'a' && delivery.attempt === 1) throw new Error('down')
      },
    )
    await m.run()

    await m.publish('t', 'a', 'b')
    await m.clock.advance(30_000)
    await turns()

    expect(m.router.stats['h']).toMatchObject({ acked: 2, nacked: 1 })
    expect(attempts.filter(one => one === 1)).toHaveLength(2)
  })

  test('with an order the delivery waits in hand, so that none of its key overtakes it', async () => {
    await using m = mill()
    const fuse = new Breaker({ failures: 1, cooldown: 1000 }, m.clock)
    const seen: string[] = []
    m.router.handle(
      'h',
      {
        subscriber: m.broker,
        topic: 't',
        breaker: fuse,
        concurrency: 4,
        orderBy: () => 'k',
        retry: { attempts: 3, base: 100, jitter: 'none' },
      },
      one => {
        seen.push(text(one))
        if (seen.length === 1) throw new Error('down')
      },
    )
    await m.run()

    await m.publish('t', 'a', 'b', 'c')
    await m.clock.advance(900)
    expect(seen).toEqual(['a'])
    await m.clock.advance(10_000)
    await turns()

    expect(seen).toEqual(['a', 'a', 'b', 'c'])
    expect(m.router.stats['h']).toMatchObject({ acked: 3, nacked: 0, released: 0, received: 3 })
  })

  test('what waits in hand for it is given back at a close', async () => {
    await using m = mill()
    const fuse = new Breaker({ failures: 1, cooldown: 1_000_000 }, m.clock)
    m.router.handle(
      'h',
      { subscriber: m.broker, topic: 't', breaker: fuse, orderBy: () => 'k', retry: { base: 0 } },
      () => Promise.reject(new Error('down')),
    )
    await m.run()
    await m.publish('t', 'a')
    await m.clock.advance(100)
    await turns()

    expect(await m.router.close()).toMatchObject({ released: 1, unfinished: 0 })
  })

  test('counts timeouts', async () => {
    await using m = mill()
    let calls = 0
    m.router.handle(
      'h',
      { subscriber: m.broker, topic: 't', timeout: 100, breaker: { failures: 1, cooldown: 60_000 } },
      (_, { signal }) => {
        calls++
        return new Promise<void>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))
      },
    )
    await m.run()

    await m.publish('t', 'a', 'b')
    await m.clock.advance(30_000)

    expect(calls).toBe(1)
  })

  test('as middleware that the router does not know it is met with growing pauses, not in a loop', async () => {
    await using m = mill()
    let calls = 0
    m.router
      .handle('h', { subscriber: m.broker, topic: 't' }, () => {
        calls++
        return Promise.reject(new Error('down'))
      })
      .use(breaker({ failures: 1, cooldown: 3_600_000 }))
    await m.run()

    await m.publish('t', 'a', 'b')
    await turns(1000)
    const { released = 0 } = m.router.stats['h'] ?? {}
    expect(released).toBeLessThan(5)
    for (let i = 0; i < 10; i++) await m.clock.advance(1000)

    expect(calls).toBe(1)
    expect(m.router.stats['h']?.released).toBeLessThan(20)
    expect(m.router.stats['h']?.nacked).toBe(1)
  })
})

describe('the throttle', () => {
  test('holds the intake: what waits is still the broker’s', async () => {
    await using m = mill()
    const times: number[] = []
    const start = m.clock.now()
    m.router.handle(
      'h',
      { subscriber: m.broker, topic: 't', concurrency: 100, throttle: { rate: 3, per: 1000 } },
      () => void times.push(m.clock.now() - start),
    )
    await m.run()

    await m.publish('t', ...Array.from('abcdefgh'))
    expect(m.router.stats['h']).toMatchObject({ received: 3, inFlight: 0 })
    await m.clock.advance(5000)
    await turns()

    expect(times).toEqual([0, 0, 0, 1000, 1000, 1000, 2000, 2000])
  })

  test('retries cost places, too', async () => {
    await using m = mill()
    const times: number[] = []
    const start = m.clock.now()
    m.router.handle(
      'h',
      { subscriber: m.broker, topic: 't', throttle: { rate: 1, per: 1000 }, retry: { attempts: 3, base: 0 } },
      () => {
        times.push(m.clock.now() - start)
        if (times.length < 3) throw new Error('no')
      },
    )
    await m.run()

    await m.publish('t', 'a')
    await m.clock.advance(5000)

    expect(times).toEqual([0, 1000, 2000])
  })
})

test('a bulkhead that handlers share bounds them together, and backoff holds no place in it', async () => {
  await using m = mill()
  const shared = new Bulkhead({ limit: 1 })
  const seen: string[] = []
  const spec = { subscriber: m.broker, bulkhead: shared, retry: { attempts: 2, base: 1000, jitter: 'none' } } as const
  m.router.handle('one', { ...spec, topic: 'a' }, () => {
    seen.push('one')
    if (seen.length === 1) throw new Error('no')
  })
  m.router.handle('two', { ...spec, topic: 'b' }, () => void seen.push('two'))
  await m.run()

  await m.publish('a', 'x')
  await m.publish('b', 'y')
  expect(seen).toEqual(['one', 'two'])
  await m.clock.advance(1000)

  expect(seen).toEqual(['one', 'two', 'one'])
  expect(shared.running).toBe(0)
})

describe('dedupe', () => {
  test('handles an id once and acks its duplicates', async () => {
    await using m = mill()
    const seen: string[] = []
    m.router.handle('h', { subscriber: m.broker, topic: 't', dedupe: {} }, one => void seen.push(text(one)))
    await m.run()
    const twice = message('a')

    await m.broker.publish('t', [twice, message('b'), twice])
    await turns()

    expect(seen).toEqual(['a', 'b'])
    expect(m.router.stats['h']).toMatchObject({ acked: 2, duplicates: 1 })
  })

  test('the redelivery of a failed message is no duplicate', async () => {
    await using m = mill()
    let calls = 0
    m.router.handle('h', { subscriber: m.broker, topic: 't', dedupe: {} }, () => {
      if (++calls === 1) throw new Error('no')
    })
    await m.run()

    await m.publish('t', 'a')
    await m.clock.advance(1000)
    await turns()

    expect(calls).toBe(2)
    expect(m.router.stats['h']).toMatchObject({ acked: 1, duplicates: 0 })
  })

  test('the claim is confirmed after the outputs are out, and released when they are not', async () => {
    await using m = mill()
    const order: string[] = []
    let broken = true
    const publisher = {
      publish: () => {
        order.push('publish')
        return broken ? Promise.reject(new Error('down')) : Promise.resolve()
      },
    }
    const store = {
      claim: () => (order.push('claim'), 'claimed' as const),
      confirm: () => void order.push('confirm'),
      release: () => void order.push('release'),
    }
    m.router.handle(
      'h',
      {
        subscriber: m.broker,
        topic: 't',
        publisher,
        publishTopic: 'out',
        dedupe: { store },
        retry: { attempts: 1 },
        // With full jitter the wait may be nothing at all.
        redeliver: { attempts: 5, backoff: { base: 100, jitter: 'none' } },
      },
      () => message('x'),
    )
    await m.run()

    await m.publish('t', 'a')
    expect(order).toEqual(['claim', 'publish', 'release'])
    broken = false
    await m.clock.advance(1000)
    await turns()

    expect(order.slice(3)).toEqual(['claim', 'publish', 'confirm'])
    expect(m.router.stats['h']).toMatchObject({ acked: 1, nacked: 1 })
  })

  test('a store that fails fails the delivery; one that fails to confirm does not undo what is done', async () => {
    await using m = mill()
    const store = {
      claim: () => Promise.resolve('claimed' as const),
      confirm: () => Promise.reject(new Error('store down')),
      release: () => undefined,
    }
    const broken = { ...store, claim: () => Promise.reject(new Error('store down')) }
    m.router.handle('confirm', { subscriber: m.broker, topic: 't', dedupe: { store } }, () => undefined)
    m.router.handle('claim', { subscriber: m.broker, topic: 't', dedupe: { store: broken } }, () => undefined)
    await m.run()

    await m.publish('t', 'a')

    expect(m.router.stats['confirm']).toMatchObject({ acked: 1 })
    expect(m.router.stats['claim']).toMatchObject({ acked: 0, nacked: 1 })
  })
})

describe('middleware in a router', () => {
  test('poisonQueue takes over when all retries are used up, and what is poisoned is acked', async () => {
    await using m = mill()
    let calls = 0
    m.router.use(poisonQueue({ publisher: m.broker, topic: 'poison' }))
    m.router.handle(
      'h',
      { subscriber: m.broker, topic: 't', publishTopic: 'out', retry: { attempts: 3, base: 1 } },
      () => {
        calls++
        throw new Error('never')
      },
    )
    await m.run()

    await m.publish('t', 'a')
    await m.clock.advance(100)
    await turns()

    expect(calls).toBe(3)
    expect(m.router.stats['h']).toMatchObject({ acked: 1, nacked: 0 })
    expect((await everything(m.broker, 'poison')).map(one => one.message.metadata)).toEqual([
      { reason_poisoned: 'never', topic_poisoned: 't', handler_poisoned: 'h', subscriber_poisoned: 'memory' },
    ])
  })

  test('instantAck gives up a message that fails', async () => {
    await using m = mill()
    m.router.use(instantAck())
    m.router.handle('h', { subscriber: m.broker, topic: 't' }, () => Promise.reject(new Error('no')))
    await m.run()

    await m.publish('t', 'a')
    await m.clock.advance(100_000)

    expect(m.router.stats['h']).toMatchObject({ received: 1, acked: 1 })
  })

  test('delayOnError decides when a failed message comes again', async () => {
    await using m = mill()
    const times: number[] = []
    const start = m.clock.now()
    m.router.use(delayOnError({ base: 1000, factor: 3 }))
    m.router.handle('h', { subscriber: m.broker, topic: 't' }, () => {
      times.push(m.clock.now() - start)
      if (times.length < 3) throw new Error('no')
    })
    await m.run()

    await m.publish('t', 'a')
    await m.clock.advance(10_000)
    await turns()

    expect(times).toEqual([0, 1000, 4000])
  })
})

test('a poison message does not stop the others, nor spin: it backs off and ends in the dead letters', async () => {
  await using m = mill()
  const calls = new Map<string, number>()
  m.router.handle('h', { subscriber: m.broker, topic: 't', redeliver: { attempts: 5 } }, (one: Message) => {
    calls.set(text(one), (calls.get(text(one)) ?? 0) + 1)
    if (text(one) === 'poison') throw new Error('no')
  })
  await m.run()

  await m.publish('t', 'poison', 'a', 'b')
  await turns(1000)
  expect([calls.get('poison'), calls.get('a'), calls.get('b')]).toEqual([1, 1, 1])
  for (let i = 0; i < 10; i++) await m.clock.advance(30_000)

  expect(calls.get('poison')).toBe(5)
  expect(await everything(m.broker, 't.h.dead')).toHaveLength(1)
})
