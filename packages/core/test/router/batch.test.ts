import { describe, expect, test } from 'vitest'
import { MillraceError } from '../../src/errors.ts'
import { message, text } from '../../src/message.ts'
import { everything, mill, turns } from './kit.ts'

const Numbers = {
  name: 'numbers',
  message: (value: number) => message(String(value)),
  decode(one: Parameters<typeof text>[0]): number {
    const value = Number(text(one))
    if (Number.isNaN(value)) throw new MillraceError('UNDECODABLE', 'not a number')
    return value
  },
}

describe('a batch handler', () => {
  test('gets as many as it wants at once, or what came within its time', async () => {
    await using m = mill()
    const batches: string[] = []
    m.router.batch('h', { subscriber: m.broker, topic: 't', batch: { size: 3, within: 1000 } }, messages => {
      batches.push(messages.map(text).join(''))
    })
    await m.run()

    await m.publish('t', ...Array.from('abcdefgh'))
    await turns()
    expect(batches).toEqual(['abc', 'def'])
    await m.clock.advance(1000)
    await turns()

    expect(batches).toEqual(['abc', 'def', 'gh'])
    expect(m.router.stats['h']).toMatchObject({ received: 8, acked: 8 })
  })

  test('settles message by message: what it settled itself stays, the rest follows its result', async () => {
    await using m = mill()
    let first = true
    m.router.batch('h', { subscriber: m.broker, topic: 't', batch: { size: 4, within: 10 } }, (_, { deliveries }) => {
      if (!first) return
      first = false
      deliveries[0]?.nack({ delay: 1000 })
      deliveries[2]?.reject({ reason: 'bad' })
    })
    await m.run()

    await m.publish('t', 'a', 'b', 'c', 'd')
    await m.clock.advance(10)
    await turns()
    expect(m.router.stats['h']).toMatchObject({ acked: 2, nacked: 1, rejected: 1 })
    await m.clock.advance(5000)
    await turns()

    expect(m.router.stats['h']).toMatchObject({ received: 5, acked: 3 })
    expect((await everything(m.broker, 't.h.dead')).map(one => text(one.message))).toEqual(['c'])
  })

  test('that fails nacks all that it left open, and they come again', async () => {
    await using m = mill()
    const attempts: string[] = []
    m.router.batch('h', { subscriber: m.broker, topic: 't', batch: { size: 3, within: 10 } }, (_, { deliveries }) => {
      attempts.push(deliveries.map(({ message, attempt }) => `${text(message)}${attempt}`).join(' '))
      if (deliveries[0]?.attempt === 1) {
        deliveries[1]?.ack()
        throw new Error('no')
      }
    })
    await m.run()

    await m.publish('t', 'a', 'b', 'c')
    await m.clock.advance(10_000)
    await turns()

    expect(attempts[0]).toBe('a1 b1 c1')
    expect(attempts.slice(1).join(' ').split(' ').toSorted()).toEqual(['a2', 'c2'])
    expect(m.router.stats['h']).toMatchObject({ nacked: 2, acked: 3 })
  })

  test('of a typed topic gets the values that can be decoded; the others are dead-lettered alone', async () => {
    await using m = mill()
    const seen: (readonly number[])[] = []
    m.router.batch('h', { subscriber: m.broker, topic: Numbers, batch: { size: 3, within: 10 } }, numbers => {
      seen.push(numbers)
    })
    await m.run()

    await m.publish('numbers', '1', 'x', '3')
    await m.clock.advance(10)
    await turns()

    expect(seen).toEqual([[1, 3]])
    expect(m.router.stats['h']).toMatchObject({ acked: 2, rejected: 1 })
  })

  test('publishes its results before the acks, with the first message as their cause', async () => {
    await using m = mill()
    m.router.batch(
      'h',
      { subscriber: m.broker, topic: 't', publishTopic: 'sums', batch: { size: 2 } },
      (messages, context) => {
        context.mapOutputs((out, { cause }) => ({ ...out, metadata: { cause: cause.id } }))
        return message(messages.map(text).join('+'))
      },
    )
    await m.broker.declare('t', { group: 'h' })
    const two = [message('1'), message('2')]
    await m.broker.publish('t', two)
    await m.run()
    await turns()

    const [sum] = await everything(m.broker, 'sums')
    expect(sum && [text(sum.message), sum.message.metadata]).toEqual(['1+2', { cause: two[0]?.id }])
    expect(m.router.stats['h']?.acked).toBe(2)
  })

  test('has the policies around it: retry, timeout, fatal errors', async () => {
    await using m = mill()
    let calls = 0
    m.router.batch(
      'h',
      {
        subscriber: m.broker,
        topic: 't',
        batch: { size: 2 },
        timeout: 100,
        retry: { attempts: 3, base: 10, jitter: 'none', fatal: error => error.message === 'fatal' },
      },
      (_, { signal }) => {
        if (++calls === 1) throw new Error('no')
        if (calls === 2)
          return new Promise<void>((_, reject) =>
            signal.addEventListener('abort', () => reject(signal.reason as Error)),
          )
        throw new Error('fatal')
      },
    )
    await m.run()

    await m.publish('t', 'a')
    await m.clock.advance(1000)
    await turns()

    expect(calls).toBe(3)
    expect(m.router.stats['h']).toMatchObject({ rejected: 1, nacked: 0 })
  })

  test('of which messages were handled before gets the others; twins in one batch do not wait for each other', async () => {
    await using m = mill()
    const seen: string[] = []
    m.router.batch('h', { subscriber: m.broker, topic: 't', batch: { size: 3 }, dedupe: {} }, messages => {
      seen.push(messages.map(text).join(''))
    })
    await m.broker.declare('t', { group: 'h' })
    const twin = message('a')
    await m.broker.publish('t', [twin, twin, message('b')])
    await m.run()
    await m.clock.advance(1000)
    await turns()

    expect(seen).toEqual(['ab'])
    expect(m.router.stats['h']).toMatchObject({ acked: 2, released: 1, duplicates: 1 })
  })

  test('runs as many batches at a time as it may', async () => {
    await using m = mill()
    const ends: (() => void)[] = []
    m.router.batch('h', { subscriber: m.broker, topic: 't', batch: { size: 1 }, concurrency: 2 }, () => {
      return new Promise<void>(resolve => ends.push(resolve))
    })
    await m.run()

    await m.publish('t', 'a', 'b', 'c')
    expect(ends).toHaveLength(2)
    ends[0]?.()
    await turns()

    expect(ends).toHaveLength(3)
  })

  test('waits while the breaker is open', async () => {
    await using m = mill()
    let calls = 0
    m.router.batch(
      'h',
      { subscriber: m.broker, topic: 't', batch: { size: 1 }, breaker: { failures: 1, cooldown: 10_000 } },
      () => {
        if (++calls === 1) throw new Error('down')
      },
    )
    await m.run()

    await m.publish('t', 'a', 'b')
    await m.clock.advance(9_000)
    await turns(200)
    expect(calls).toBe(1)
    await m.clock.advance(20_000)
    await turns()

    expect(m.router.stats['h']).toMatchObject({ acked: 2 })
  })

  test('at a close ends what it has and gives back the rest', async () => {
    await using m = mill()
    const { promise, resolve } = Promise.withResolvers<void>()
    m.router.batch('h', { subscriber: m.broker, topic: 't', batch: { size: 2 } }, () => promise)
    await m.broker.declare('t', { group: 'h' })
    await m.broker.publish(
      't',
      Array.from('abcde', one => message(one)),
    )
    await m.run()
    await turns()

    const closing = m.router.close({ timeout: 5000 })
    resolve()

    expect(await closing).toMatchObject({ unfinished: 0 })
    expect(m.router.stats['h']).toMatchObject({ received: 2, acked: 2, inFlight: 0, waiting: 0 })
    expect(await m.broker.lag?.('t', 'h')).toMatchObject({ messages: 3 })
  })

  test('has no order and no transaction: asking is an error', () => {
    const m = mill()
    const spec = { subscriber: m.broker, topic: 't', batch: { size: 2 }, orderBy: () => 'k' }

    expect(() => m.router.batch('h', spec, () => undefined)).toThrow(expect.objectContaining({ code: 'BAD_OPTION' }))
  })
})
