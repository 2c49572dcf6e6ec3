import { describe, expect, test } from 'vitest'
import type { Delivery, Message } from '../../src/contract.ts'
import { MillraceError } from '../../src/errors.ts'
import type { Context } from '../../src/handler.ts'
import { memory } from '../../src/memory/index.ts'
import { message, text } from '../../src/message.ts'
import { pattern } from '../../src/pattern.ts'
import { Router } from '../../src/router/router.ts'
import { silent } from '../../src/logger.ts'
import { to } from '../../src/router/output.ts'
import { virtualClock } from '../../src/testing/virtual-clock.ts'
import { everything, mill, turns } from './kit.ts'

const Numbers = {
  name: 'numbers',
  message: (value: number) => message(String(value)),
  decode(one: Message): number {
    const value = Number(text(one))
    if (Number.isNaN(value)) throw new MillraceError('UNDECODABLE', 'not a number')
    return value
  },
}

const later = { ...Numbers, decode: (one: Message) => Promise.resolve(Numbers.decode(one)) }

describe('a handler', () => {
  test('gets each message of its topic, and its results go out before the ack', async () => {
    await using m = mill()
    const order: string[] = []
    const publisher = {
      publish: async (topic: string, messages: Message | readonly Message[]) => {
        await m.broker.publish(topic, messages)
        order.push(`published, acked ${m.router.stats['ship']?.acked}`)
      },
    }
    m.router.handle('ship', { subscriber: m.broker, topic: 'orders', publisher, publishTopic: 'shipments' }, one =>
      message(`shipped ${text(one)}`),
    )
    await m.run()

    await m.publish('orders', 'a', 'b')

    expect((await everything(m.broker, 'shipments')).map(one => text(one.message))).toEqual(['shipped a', 'shipped b'])
    expect(order).toEqual(['published, acked 0', 'published, acked 1'])
    expect(m.router.stats['ship']).toMatchObject({ received: 2, acked: 2 })
  })

  test('may return nothing, one, many, or outputs for topics of their own, in one publish for each topic', async () => {
    await using m = mill()
    const published: string[] = []
    const publisher = {
      publish: (topic: string, messages: Message | readonly Message[]) => {
        published.push(`${topic}: ${(Array.isArray(messages) ? messages : [messages]).map(text).join(' ')}`)
        return Promise.resolve()
      },
    }
    const results = [undefined, null, [], message('1'), [message('2'), to('audit', message('3')), message('4')]]
    m.router.handle('h', { subscriber: m.broker, topic: 't', publisher, publishTopic: 'out' }, () => results.shift())
    await m.run()

    await m.publish('t', 'a', 'b', 'c', 'd', 'e')

    expect(published).toEqual(['out: 1', 'out: 2 4', 'audit: 3'])
    expect(m.router.stats['h']?.acked).toBe(5)
  })

  test('of a typed topic gets values, and gives values to one', async () => {
    await using m = mill()
    const seen: number[] = []
    m.router.handle(
      'double',
      { subscriber: m.broker, topic: Numbers, publishTopic: { ...Numbers, name: 'doubled' } },
      n => (n === 0 ? undefined : [n * 2, to(Numbers, 0)]),
    )
    m.router.handle('see', { subscriber: m.broker, topic: { ...later, name: 'doubled' } }, async n => void seen.push(n))
    await m.run()

    await m.publish('numbers', '4', '5')

    expect(seen).toEqual([8, 10])
  })

  test('never sees what cannot be decoded: that is dead-lettered at once', async () => {
    await using m = mill()
    const seen: number[] = []
    for (const topic of [Numbers, later])
      m.router.handle(
        topic === later ? 'later' : 'now',
        { subscriber: m.broker, topic, retry: {} },
        n => void seen.push(n),
      )
    await m.run()

    await m.publish('numbers', 'x', '7')

    expect(seen).toEqual([7, 7])
    for (const group of ['now', 'later']) {
      expect(m.router.stats[group]).toMatchObject({ acked: 1, rejected: 1, nacked: 0 })
      expect((await everything(m.broker, `numbers.${group}.dead`)).map(one => text(one.message))).toEqual(['x'])
    }
  })

  test('listens to several topics, or to a pattern', async () => {
    await using m = mill()
    const seen: string[] = []
    m.router.handle(
      'both',
      { subscriber: m.broker, topic: ['a', 'b'] },
      (one, { topic }) => void seen.push(topic + text(one)),
    )
    m.router.handle(
      'all',
      { subscriber: m.broker, topic: pattern('x.*') },
      (one, { topic, subscribeTopic }) => void seen.push(`${subscribeTopic} ${topic} ${text(one)}`),
    )
    await m.run()

    await m.publish('a', '1')
    await m.publish('b', '2')
    await m.publish('x.y', '3')

    expect(seen).toEqual(['a1', 'b2', 'x.* x.y 3'])
  })

  test('shares its topic with other handlers: each gets everything; in one group they compete; without one all get it', async () => {
    await using m = mill()
    const counts: Record<string, number> = {}
    const count = (_: Message, { handler }: Context) => void (counts[handler] = (counts[handler] ?? 0) + 1)
    const spec = { subscriber: m.broker, topic: 't' }
    m.router.handle('one', spec, count)
    m.router.handle('two', spec, count)
    m.router.handle('team-a', { ...spec, group: 'team' }, count)
    m.router.handle('team-b', { ...spec, group: 'team' }, count)
    m.router.handle('everyone', { ...spec, group: null }, count)
    await m.run()

    await m.publish('t', ...Array.from('abcdefgh'))

    expect(counts).toMatchObject({ one: 8, two: 8, everyone: 8 })
    expect((counts['team-a'] ?? 0) + (counts['team-b'] ?? 0)).toBe(8)
  })

  test('publishes through its context to any topic, with correlation and causation', async () => {
    await using m = mill()
    m.router.handle('h', { subscriber: m.broker, topic: 't' }, async (_, context) => {
      await context.publish('direct', [message('1'), message('2')])
      await context.publish(Numbers, 3)
    })
    await m.run()
    const incoming = message('in', { metadata: { correlation_id: 'chain' } })

    await m.broker.publish('t', incoming)
    await turns()

    const metadata = { correlation_id: 'chain', causation_id: incoming.id }
    const direct = await everything(m.broker, 'direct')
    expect(direct.map(one => [text(one.message), one.message.metadata])).toEqual([
      ['1', metadata],
      ['2', metadata],
    ])
    expect((await everything(m.broker, 'numbers'))[0]?.message.metadata).toEqual(metadata)
  })

  test('is told who it is and where it reads and writes', async () => {
    await using m = mill()
    let told: Partial<Context> = {}
    m.router.handle('h', { subscriber: m.broker, topic: 't', publishTopic: Numbers, group: 'g' }, (_, context) => {
      const { handler, group, topic, subscribeTopic, publishTopic, subscriber, publisher } = context
      told = { handler, group, topic, subscribeTopic, publishTopic, subscriber, publisher }
    })
    await m.run()

    await m.publish('t', 'a')

    expect(told).toEqual({
      handler: 'h',
      group: 'g',
      topic: 't',
      subscribeTopic: 't',
      publishTopic: 'numbers',
      subscriber: 'memory',
      publisher: 'memory',
    })
  })

  test('logs with its name and its message', async () => {
    await using m = mill()
    m.router.handle('h', { subscriber: m.broker, topic: 't' }, (_, { logger }) =>
      logger.log('info', 'here', { more: 1 }),
    )
    await m.run()

    await m.publish('t', 'a')

    expect(m.logger.lines.find(({ text }) => text === 'here')?.fields).toMatchObject({
      handler: 'h',
      topic: 't',
      attempt: 1,
      more: 1,
      message: expect.any(String),
    })
  })

  test('may settle by itself: what it said stays, whatever it returns', async () => {
    await using m = mill()
    const settle: ((delivery: Delivery) => void)[] = [
      one => void one.reject({ reason: 'no use' }),
      one => void one.nack({ delay: 5000 }),
      one => void one.ack(),
    ]
    m.router.handle('h', { subscriber: m.broker, topic: 't' }, (_, { delivery }) => settle.shift()?.(delivery))
    await m.run()

    await m.publish('t', 'a', 'b', 'c')

    expect(m.router.stats['h']).toMatchObject({ rejected: 1, nacked: 1, acked: 1 })
    await m.clock.advance(5000)
    await turns()
    expect(m.router.stats['h']).toMatchObject({ received: 4, acked: 2 })
  })
})

describe('failure', () => {
  test.each([
    [
      'throws',
      () => {
        throw new Error('no')
      },
    ],
    ['rejects', () => Promise.reject(new Error('no'))],
    [
      'throws what is no error',
      () => {
        throw undefined
      },
    ],
    ['returns what has nowhere to go', () => message('x')],
  ])('a handler that %s is called again, later, and then dead-lettered with its history', async (_, handler) => {
    await using m = mill()
    m.router.handle(
      'h',
      { subscriber: m.broker, topic: 't', redeliver: { attempts: 3, backoff: { base: 100, jitter: 'none' } } },
      handler,
    )
    await m.run()

    await m.publish('t', 'a')
    expect(m.router.stats['h']).toMatchObject({ received: 1, nacked: 1 })
    await m.clock.advance(10_000)
    await turns()

    expect(m.router.stats['h']).toMatchObject({ received: 3, nacked: 2, rejected: 1, acked: 0 })
    expect(await everything(m.broker, 't.h.dead')).toHaveLength(1)
  })

  test('handler calls are retries times deliveries', async () => {
    await using m = mill()
    let calls = 0
    m.router.handle(
      'h',
      {
        subscriber: m.broker,
        topic: 't',
        retry: { attempts: 3, base: 1 },
        redeliver: { attempts: 4 },
        deadLetter: 'dead',
      },
      () => {
        calls++
        throw new Error('no')
      },
    )
    await m.run()

    await m.publish('t', 'a')
    for (let i = 0; i < 50; i++) await m.clock.advance(10_000)

    expect(calls).toBe(12)
    expect(await everything(m.broker, 'dead')).toHaveLength(1)
  })

  test('a fatal error is dead-lettered at once, an ignored one acked', async () => {
    await using m = mill()
    const retry = {
      fatal: (error: Error) => error.message === 'fatal',
      ignore: (error: Error) => error.message === 'ignore',
    }
    let calls = 0
    m.router.handle('h', { subscriber: m.broker, topic: 't', retry }, one => {
      calls++
      throw new Error(text(one))
    })
    await m.run()

    await m.publish('t', 'fatal', 'ignore')

    expect(calls).toBe(2)
    expect(m.router.stats['h']).toMatchObject({ rejected: 1, acked: 1, nacked: 0 })
  })

  test('without a group and a dead-letter topic what cannot be handled is discarded, counted and told', async () => {
    await using m = mill()
    m.router.handle('h', { subscriber: m.broker, topic: Numbers, group: null }, () => undefined)
    await m.run()

    await m.publish('numbers', 'x')

    expect(m.router.stats['h']).toMatchObject({ discarded: 1 })
    expect(m.logger.lines.some(({ level, text }) => level === 'error' && text.startsWith('discarded'))).toBe(true)
  })

  test('without a dead-letter topic what used up its deliveries is discarded, and counted as that', async () => {
    await using m = mill()
    const spec = { subscriber: m.broker, topic: 't', redeliver: { attempts: 1 } }
    const fail = () => Promise.reject(new Error('no'))
    m.router.handle('everyone', { ...spec, group: null }, fail)
    m.router.handle('none', { ...spec, deadLetter: false }, fail)
    m.router.handle('named', { ...spec, group: null, deadLetter: 'dead' }, fail)
    await m.run()

    await m.publish('t', 'a')

    expect(m.router.stats).toMatchObject({ everyone: { discarded: 1 }, none: { discarded: 1 }, named: { rejected: 1 } })
    expect(await everything(m.broker, 'dead')).toHaveLength(1)
  })

  test('hooks and loggers that throw stop nothing', async () => {
    const clock = virtualClock()
    const broker = memory({ clock })
    const broken = () => {
      throw new Error('broken')
    }
    const warnings: string[] = []
    const warned = ({ message }: Error): void => void warnings.push(message)
    process.on('warning', warned)
    const router = new Router({ clock, logger: { enabled: () => true, log: broken, with: broken } })
    router.handle(
      'h',
      {
        subscriber: broker,
        topic: 't',
        retry: { attempts: 1, fatal: broken },
        breaker: { failures: 1, cooldown: 10, failure: broken, onChange: broken },
      },
      one => {
        if (text(one) === 'a') throw new Error('no')
      },
    )
    router.run().catch(() => undefined)
    await router.running

    await broker.publish('t', [message('a'), message('b')])
    await clock.advance(1000)
    await turns()

    expect(router.stats['h']).toMatchObject({ nacked: expect.any(Number), acked: 1 })
    await router.close({ timeout: 0 })
    process.off('warning', warned)
    expect(warnings.join()).toContain('the logger threw')
    expect(warnings.join()).toContain("a breaker's hook threw")
    await broker.close({ timeout: 0 })
  })

  test('a failed publish of outputs is tried again without calling the handler again', async () => {
    await using m = mill()
    let calls = 0
    const failures = [new Error('reset'), new MillraceError('DISCONNECTED', 'down')]
    const published: string[] = []
    const publisher = {
      publish: (topic: string) => {
        const failure = failures.shift()
        if (failure) return Promise.reject(failure)
        published.push(topic)
        return Promise.resolve()
      },
    }
    m.router.handle('h', { subscriber: m.broker, topic: 't', publisher, publishTopic: 'out' }, () => {
      calls++
      return message('x')
    })
    await m.run()

    await m.publish('t', 'a')
    await m.clock.advance(10_000)

    expect([calls, published]).toEqual([1, ['out']])
    expect(m.router.stats['h']).toMatchObject({ acked: 1, nacked: 0 })
  })

  test('only the outputs that were not accepted are published again', async () => {
    await using m = mill()
    const calls: string[][] = []
    const publisher = {
      publish: (_: string, messages: Message | readonly Message[]) => {
        const list: readonly Message[] = Array.isArray(messages) ? messages : [messages as Message]
        calls.push(list.map(text))
        if (calls.length > 1) return Promise.resolve()
        const error = new MillraceError('QUEUE_FULL', 'full')
        return Promise.reject(
          new MillraceError('PUBLISH_FAILED', 'one', {
            failures: [{ index: 1, id: list[1]!.id, outcome: 'refused', error }],
          }),
        )
      },
    }
    m.router.handle('h', { subscriber: m.broker, topic: 't', publisher, publishTopic: 'out' }, () =>
      ['a', 'b', 'c'].map(one => message(one)),
    )
    await m.run()

    await m.publish('t', 'a')
    await m.clock.advance(10_000)

    expect(calls).toEqual([['a', 'b', 'c'], ['b']])
  })

  test('outputs that are never accepted fail the delivery, which comes again', async () => {
    await using m = mill()
    let broken = true
    const publisher = { publish: () => (broken ? Promise.reject(new Error('down')) : Promise.resolve()) }
    m.router.handle('h', { subscriber: m.broker, topic: 't', publisher, publishTopic: 'out' }, () => message('x'))
    await m.run()

    await m.publish('t', 'a')
    await m.clock.advance(1000)
    expect(m.router.stats['h']).toMatchObject({ acked: 0 })
    broken = false
    await m.clock.advance(60_000)
    await turns()

    expect(m.router.stats['h']).toMatchObject({ acked: 1 })
    expect(m.router.stats['h']?.nacked).toBeGreaterThan(0)
  })

  test('what expires while it waits for a slot is not handled', async () => {
    await using m = mill()
    const seen: string[] = []
    const { promise, resolve } = Promise.withResolvers<void>()
    m.router.handle('h', { subscriber: m.broker, topic: 't', orderBy: () => 'k', concurrency: 2 }, one => {
      seen.push(text(one))
      return promise
    })
    await m.run()

    await m.broker.publish('t', [message('a'), message('b')], { ttl: 1000 })
    await turns()
    await m.clock.advance(1000)
    resolve()
    await turns()

    expect(seen).toEqual(['a'])
    expect(m.router.stats['h']).toMatchObject({ acked: 1, expired: 1 })
  })
})

describe('middleware', () => {
  test('wraps in the order of adding, the router’s outside the handler’s, per delivery outside the retries', async () => {
    await using m = mill()
    const order: string[] = []
    const mark =
      (name: string) =>
      (next: (value: unknown, context: Context) => unknown) =>
      (value: unknown, context: Context): unknown => {
        order.push(name)
        return next(value, context)
      }
    m.router.use(mark('r1'), mark('r2')).use(mark('once'), { per: 'delivery' })
    let fails = 1
    m.router
      .handle('h', { subscriber: m.broker, topic: 't', retry: { base: 0 } }, () => {
        order.push('handler')
        if (fails-- > 0) throw new Error('no')
      })
      .use(mark('h1'), mark('h2'))
    await m.run()

    await m.publish('t', 'a')
    await m.clock.advance(1)

    const attempt = ['r1', 'r2', 'h1', 'h2', 'handler']
    expect(order).toEqual(['once', ...attempt, ...attempt])
  })

  test('is made once, when the handler starts, and fixed then', async () => {
    await using m = mill()
    let made = 0
    m.router.use(next => {
      made++
      return next
    })
    const handle = m.router.handle('h', { subscriber: m.broker, topic: 't' }, () => undefined)
    await m.run()

    await m.publish('t', 'a', 'b', 'c')

    expect(made).toBe(1)
    expect(() => handle.use(next => next)).toThrow(expect.objectContaining({ code: 'BAD_OPTION' }))
  })

  test('decorators run in the order of adding on both sides', async () => {
    await using m = mill()
    const order: string[] = []
    for (const name of ['first', 'second'])
      m.router.decorate({
        publisher: inner => ({
          publish: (topic, messages, options) => {
            order.push(`publish ${name}`)
            return inner.publish(topic, messages, options)
          },
        }),
        subscriber: inner => ({
          capabilities: inner.capabilities,
          subscribe: async (topic, options) => {
            const subscription = await inner.subscribe(topic, options)
            return new Proxy(subscription, {
              get(target, property) {
                const value: unknown = Reflect.get(target, property)
                if (typeof value !== 'function') return value
                return (...args: unknown[]) => {
                  const result: unknown = Reflect.apply(value, target, args)
                  if (property === 'tryReceive' && result) order.push(`receive ${name}`)
                  return result
                }
              },
            })
          },
        }),
      })
    m.router.handle('h', { subscriber: m.broker, topic: 't', publishTopic: 'out' }, () => message('x'))
    await m.broker.declare('t', { group: 'h' })
    await m.broker.publish('t', message('a'))

    await m.run()
    await turns()

    expect(order).toEqual(['receive first', 'receive second', 'publish first', 'publish second'])
  })
})

describe('what is wrong is told', () => {
  test.each([
    ['concurrency', { concurrency: 0 }],
    ['concurrency', { concurrency: 1.5 }],
    ['timeout', { timeout: 0 }],
    ['throttle', { throttle: { rate: 0 } }],
    ['breaker', { breaker: { failures: 0 } }],
    ['bulkhead', { bulkhead: { limit: 0 } }],
    ['dedupe', { dedupe: { ttl: 0 } }],
    ['retry', { retry: { attempts: 0 } }],
    ['redeliver', { redeliver: { attempts: 0 } }],
    ['backoff', { redeliver: { backoff: { max: 5 } } }],
    ['orderBy', { orderBy: 'key' as never }],
    ['publisher', { publisher: {} as never }],
    ['dedupe store', { dedupe: { store: {} as never } }],
    ['retryable', { retry: { retryable: true as never } }],
    ['deadLetter: its own topic', { deadLetter: 't' }],
    ['prefetch', { subscribe: { prefetch: 0 } }],
    ['subscribe: what the spec has a word for', { subscribe: { maxDeliveries: 3 } as never }],
    ['name: retyr', { retyr: {} }],
    ['name: retry.attempt', { retry: { attempt: 5 } as never }],
    ['name: redeliver.attempt', { redeliver: { attempt: 5 } as never }],
    ['name: redeliver.backoff.bas', { redeliver: { backoff: { bas: 5 } as never } }],
    ['name: throttle.pre', { throttle: { rate: 1, pre: 5 } as never }],
    ['name: breaker.threshold', { breaker: { threshold: 5 } as never }],
    ['name: bulkhead.max', { bulkhead: { limit: 1, max: 5 } as never }],
    ['name: dedupe.window', { dedupe: { window: 5 } as never }],
  ])('a wrong %s, when the handler is added', (_, wrong) => {
    const router = new Router({ logger: silent })

    expect(() => router.handle('h', { subscriber: memory(), topic: 't', ...wrong }, () => undefined)).toThrow(
      expect.objectContaining({ code: 'BAD_OPTION' }),
    )
  })

  test('an option that is undefined is none at all', () => {
    const router = new Router({ logger: silent })
    const absent = { retyr: undefined, subscribe: { group: undefined } } as object

    expect(() => router.handle('h', { subscriber: memory(), topic: 't', ...absent }, () => undefined)).not.toThrow()
  })

  test('a topic to publish to that is none, when the handler is added', () => {
    const router = new Router({ logger: silent })

    expect(() =>
      router.handle('h', { subscriber: memory(), topic: 't', publishTopic: 'no name' }, () => undefined),
    ).toThrow(expect.objectContaining({ code: 'INVALID_TOPIC' }))
  })

  test.each([
    [{ loger: silent } as never],
    [{ logger: console } as never],
    [{ logger: null } as never],
    [{ clock: {} } as never],
    [5 as never],
  ])('a router with %o', options => {
    expect(() => new Router(options)).toThrow(expect.objectContaining({ code: 'BAD_OPTION' }))
  })

  test('a name that is taken, a publishTopic without a publisher, atomic without transactions', () => {
    const router = new Router({ logger: silent })
    const broker = memory()
    const { capabilities } = broker
    const subscriber = { capabilities, subscribe: broker.subscribe.bind(broker) }
    router.handle('h', { subscriber, topic: 't' }, () => undefined)

    expect(() => router.handle('h', { subscriber, topic: 't' }, () => undefined)).toThrow("'h'")
    expect(() => router.handle('x', { subscriber, topic: 't', publishTopic: 'out' }, () => undefined)).toThrow(
      'publisher',
    )
    expect(() =>
      router.handle(
        'y',
        {
          subscriber: { ...subscriber, capabilities: { ...capabilities, transactions: false } },
          topic: 't',
          atomic: true,
        },
        () => undefined,
      ),
    ).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }))
  })

  test('a topic that is none, by run, running and started alike', async () => {
    const router = new Router({ logger: silent })
    const handle = router.handle('h', { subscriber: memory(), topic: 'not a name' }, () => undefined)
    const fine = router.handle('fine', { subscriber: memory(), topic: 't' }, () => undefined)

    const wrong = { code: 'INVALID_TOPIC' }
    await expect(router.run()).rejects.toMatchObject(wrong)
    await expect(router.running).rejects.toMatchObject(wrong)
    await expect(handle.started).rejects.toMatchObject(wrong)
    expect(await fine.stopped).toBeUndefined()
    expect(router.state).toBe('closed')
  })
})
