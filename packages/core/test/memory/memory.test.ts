import { describe, expect, test } from 'vitest'
import type { Delivery, Subscription } from '../../src/contract.ts'
import { message, pattern } from '../../src/index.ts'
import { memory } from '../../src/memory/index.ts'
import type { MemoryOptions } from '../../src/memory/index.ts'
import { settled as turn, virtualClock } from '../../src/testing/virtual-clock.ts'

function made(options: MemoryOptions = {}) {
  const clock = virtualClock()
  return { clock, broker: memory({ clock, ...options }) }
}

function many(count: number, from = 0) {
  return Array.from({ length: count }, (_, i) => message('x', { id: String(from + i) }))
}

function drain(subscription: Subscription): Delivery[] {
  const all: Delivery[] = []
  for (let next = subscription.tryReceive(); next; next = subscription.tryReceive()) all.push(next)
  return all
}

function ids(deliveries: readonly Delivery[]): string[] {
  return deliveries.map(({ message }) => message.id)
}

describe('what is kept', () => {
  test('a topic that nobody reads never refuses: it keeps the newest for replay', async () => {
    const { broker } = made({ retain: { messages: 3 } })

    await broker.publish('t', many(10))
    const late = await broker.subscribe('t', { from: 'earliest' })

    expect(ids(drain(late))).toEqual(['7', '8', '9'])
  })

  test('what a group has not settled is kept beyond that, and the publisher waits for it', async () => {
    const { broker } = made({ retain: { messages: 1 }, capacity: { messages: 4 } })
    const reader = await broker.subscribe('t', { group: 'g' })
    let done = false

    const publish = broker.publish('t', many(6)).then(() => (done = true))
    await turn()
    expect(done).toBe(false)
    for (const delivery of drain(reader)) delivery.ack()
    await reader.flush()
    await publish

    expect(ids(drain(reader))).toEqual(['4', '5'])
  })

  test('publishers that wait go on in their order', async () => {
    const { broker } = made({ capacity: { messages: 2 } })
    const reader = await broker.subscribe('t', { group: 'g' })
    const publishes = [broker.publish('t', many(2)), broker.publish('t', many(2, 2)), broker.publish('t', many(2, 4))]

    const seen: string[] = []
    while (seen.length < 6) {
      const delivery = await reader.receive()
      seen.push(delivery.message.id)
      delivery.ack()
    }
    await Promise.all(publishes)

    expect(seen).toEqual(['0', '1', '2', '3', '4', '5'])
  })

  test('a publisher that waits gives up at its timeout and says what was not accepted', async () => {
    const { broker, clock } = made({ capacity: { messages: 2 } })
    await broker.declare('t', { group: 'g' })

    const publish = broker.publish('t', many(3), { timeout: 100 })
    publish.catch(() => undefined)
    await clock.advance(100)

    await expect(publish).rejects.toMatchObject({
      code: 'PUBLISH_FAILED',
      failures: [{ index: 2, id: '2', outcome: 'refused', error: { code: 'QUEUE_FULL', cause: { code: 'TIMEOUT' } } }],
    })
  })

  test('refuse: the batch is accepted as far as there is room, and the rest named', async () => {
    const { broker } = made({ capacity: { messages: 2 }, whenFull: 'refuse' })
    await broker.declare('t', { group: 'g' })

    await expect(broker.publish('t', many(4))).rejects.toMatchObject({
      failures: [
        { index: 2, error: { code: 'QUEUE_FULL', message: expect.stringContaining("'t'") as string } },
        { index: 3 },
      ],
    })
  })

  test('drop oldest: the newest are kept, the loss is counted and told to who reads alone', async () => {
    const { broker } = made({ capacity: { messages: 2 }, retain: { messages: 0 }, whenFull: 'drop-oldest' })
    const group = await broker.subscribe('t', { group: 'g' })
    const alone = await broker.subscribe('t')
    const gaps: string[] = []
    alone.on('gap', ({ reason }) => gaps.push(reason ?? ''))

    await broker.publish('t', many(5))

    expect(ids(drain(group))).toEqual(['3', '4'])
    expect(ids(drain(alone))).toEqual(['3', '4'])
    expect(gaps).toHaveLength(3)
    const { dropped, topics } = broker.statistics()
    expect(topics['t']?.groups['g']?.dropped).toBe(3)
    expect(topics['t']?.ephemeral.map(one => one.dropped)).toEqual([3])
    expect([topics['t']?.dropped, dropped]).toEqual([6, 6]) // over all who read, as every count of a topic
  })

  test('a bound in bytes holds as one in messages does', async () => {
    const { broker } = made({ capacity: { bytes: 1000 }, whenFull: 'refuse' })
    await broker.declare('t', { group: 'g' })

    await broker.publish('t', message(new Uint8Array(800)))

    await expect(broker.publish('t', [message(new Uint8Array(800)), message('')])).rejects.toMatchObject({
      code: 'PUBLISH_FAILED',
    })
  })

  test('memory is flat however many messages pass', async () => {
    const { broker } = made({ retain: { messages: 100 } })
    const reader = await broker.subscribe('t', { group: 'g' })

    for (let round = 0; round < 100; round++) {
      await broker.publish('t', many(100))
      for (const delivery of drain(reader)) delivery.ack()
      await reader.flush()
    }

    const { bytes, peakBytes, published, acked } = broker.statistics()
    expect([published, acked]).toEqual([10_000, 10_000])
    expect(bytes).toBeLessThan(300 * 150)
    expect(peakBytes).toBeLessThan(600 * 150)
  })
})

describe('limits, each with its own error', () => {
  test('topics', async () => {
    const { broker } = made({ maxTopics: 1 })
    await broker.publish('a', message('x'))

    await expect(broker.publish('b', message('x'))).rejects.toMatchObject({ code: 'TOO_MANY_TOPICS' })
    await expect(broker.subscribe('b')).rejects.toMatchObject({ code: 'TOO_MANY_TOPICS' })
  })

  test('subscribers, who make room when they close', async () => {
    const { broker } = made({ maxSubscribers: 1 })
    const first = await broker.subscribe('t')

    await expect(broker.subscribe('t')).rejects.toMatchObject({
      code: 'TOO_MANY_SUBSCRIBERS',
      message: expect.stringContaining("'t'") as string,
    })
    await first.close()
    await expect(broker.subscribe('t')).resolves.toBeDefined()
  })

  test('message size', async () => {
    const { broker } = made({ maxBytes: 10 })

    await expect(broker.publish('t', message('12345678901'))).rejects.toMatchObject({ code: 'TOO_LARGE' })
  })

  test.each([
    [{ capacity: { messages: 0 } }],
    [{ whenFull: 'explode' as never }],
    [{ ttl: 0 }],
    [{ maxTopics: -1 }],
    [{ surprise: 1 } as never],
    [{ capacity: 5 as never }],
    [{ capacity: { count: 5 } as never }],
    [{ retain: { messages: 5, byte: 5 } as never }],
    [{ clock: {} as never }],
    [null as never],
    [5 as never],
  ])('%j is a bad option, by name', options => {
    expect(() => memory(options)).toThrow(expect.objectContaining({ code: 'BAD_OPTION' }))
  })
})

describe('time', () => {
  test('a default time to live holds where a message has none of its own', async () => {
    const { broker, clock } = made({ ttl: 100 })
    const reader = await broker.subscribe('t', { group: 'g' })
    await broker.publish('t', message('x', { id: 'short' }))
    await broker.publish('t', message('x', { id: 'long' }), { ttl: 1000 })

    await clock.advance(500)

    expect(ids(drain(reader))).toEqual(['long'])
    expect(broker.statistics()).toMatchObject({ expired: 1, delivered: 1 })
  })

  test('a nacked message that expires while it waits does not come again', async () => {
    const { broker, clock } = made()
    const reader = await broker.subscribe('t', { group: 'g' })
    await broker.publish('t', message('x'), { ttl: 100 })
    reader.tryReceive()?.nack({ delay: 200 })
    await reader.flush()

    await clock.advance(1000)

    expect(reader.tryReceive()).toBeUndefined()
    expect(broker.statistics()).toMatchObject({ expired: 1, pending: 0 })
  })

  test('delayed messages come at their moments, in their order', async () => {
    const { broker, clock } = made()
    const reader = await broker.subscribe('t', { group: 'g' })
    await broker.publish('t', message('x', { id: 'later' }), { delay: 200 })
    await broker.publish('t', message('x', { id: 'sooner' }), { delay: new Date(clock.now() + 100) })

    await clock.advance(99)
    expect(reader.tryReceive()).toBeUndefined()
    await clock.advance(1)
    expect(reader.tryReceive()?.message.id).toBe('sooner')
    await clock.advance(100)
    expect(reader.tryReceive()?.message.id).toBe('later')
  })

  test('a lease that is over gives the message to another, as another attempt', async () => {
    const { broker, clock } = made()
    const stuck = await broker.subscribe('t', { group: 'g', lease: 1000, maxLease: 2000 })
    await broker.publish('t', message('x'))
    const delivery = await stuck.receive()
    const other = await broker.subscribe('t', { group: 'g' })

    await clock.advance(1999)
    expect(other.tryReceive()).toBeUndefined()
    await clock.advance(2000)

    expect(other.tryReceive()?.attempt).toBe(2)
    expect(delivery.ack()).toBe(false)
  })

  test('an idle topic is forgotten, one that is used or waited for is not', async () => {
    const { broker, clock } = made({ idleTopics: 1000 })
    await broker.publish('idle', message('x'))
    await broker.subscribe('read')
    await broker.declare('owed', { group: 'g' })
    await broker.publish('owed', message('x'))

    await clock.advance(5000)

    expect(broker.topics().toSorted()).toEqual(['owed', 'read'])
    expect(broker.statistics().published).toBe(2)
  })

  test('a closed broker leaves no timer', async () => {
    const { broker, clock } = made({ idleTopics: 1000 })
    const reader = await broker.subscribe('t', { group: 'g' })
    await broker.publish('t', many(2))
    await broker.publish('t', message('x'), { delay: 1000 })
    await reader.receive()
    reader.tryReceive()?.nack({ delay: 1000 })

    await broker.close({ timeout: 0 })

    expect(clock.pending).toBe(0)
  })
})

describe('groups and priorities', () => {
  test('the highest priority comes first, each level in its order', async () => {
    const { broker } = made()
    await broker.declare('t', { group: 'g' })
    for (const [id, priority] of [
      ['a', 0],
      ['b', 9],
      ['c', 5],
      ['d', 9],
      ['e', 0],
    ] as const)
      // prettier-ignore
      await broker.publish('t', message('x', { id }), { priority })

    const reader = await broker.subscribe('t', { group: 'g' })

    expect(ids(drain(reader))).toEqual(['b', 'd', 'c', 'a', 'e'])
  })

  test.each([
    ['receives', async (subscription: Subscription) => drain(subscription)],
    [
      'has them handled at once',
      async (subscription: Subscription, count: number) => {
        const seen: Delivery[] = []
        await subscription.each(one => void (seen.push(one) === count && subscription.close()))
        return seen
      },
    ],
  ])('topics have their turns, a few messages each, with one who %s', async (_, read) => {
    const { broker } = made()
    const topics = ['a', 'b', 'c']
    const subscription = await broker.subscribe(topics, { group: 'g', prefetch: 1000 })
    for (const topic of topics) await broker.publish(topic, many(100))

    const order = (await read(subscription, 300)).map(({ topic }) => topic)

    expect(order).toHaveLength(300)
    for (let at = 0; at < 240; at += 24)
      for (const topic of topics) expect(order.slice(at, at + 24).filter(one => one === topic)).toHaveLength(8)
  })

  test('one who leaves gives back what he had, in its order, and it is no failure', async () => {
    const { broker } = made()
    const first = await broker.subscribe('t', { group: 'g' })
    await broker.publish('t', many(3))
    await first.receive()
    await first.receive()

    expect(await first.close({ timeout: 0 })).toEqual({ released: 2 })
    const second = await broker.subscribe('t', { group: 'g' })
    const seen = drain(second)

    expect(ids(seen).toSorted()).toEqual(['0', '1', '2'])
    expect(seen.map(({ attempt }) => attempt)).toEqual([1, 1, 1])
  })

  test('a waiting member that has gone quiet does not keep messages from the others', async () => {
    const { broker } = made()
    const quiet = await broker.subscribe('t', { group: 'g' })
    const busy = await broker.subscribe('t', { group: 'g' })
    const abort = new AbortController()
    const given = quiet.receive({ signal: abort.signal })
    given.catch(() => undefined)
    const waiting = busy.receive()
    abort.abort()

    await broker.publish('t', many(1))

    expect((await waiting).message.id).toBe('0')
  })

  test('a position holds across topics', async () => {
    const { broker } = made()
    await broker.publish('a', many(1))
    await broker.publish('b', many(1, 1))
    const reader = await broker.subscribe(['a', 'b'], { from: 'earliest' })
    for (const delivery of drain(reader)) delivery.ack()
    await reader.flush()
    const position = reader.position()
    await broker.publish('a', many(1, 2))
    await broker.publish('b', many(1, 3))

    const again = await broker.subscribe(['a', 'b'], { from: { after: position! } }) // it has read something

    expect(ids(drain(again)).toSorted()).toEqual(['2', '3'])
  })

  test('the position stays before what is not settled', async () => {
    const { broker } = made()
    const reader = await broker.subscribe('t', { from: 'earliest' })
    await broker.publish('t', many(3))
    const [first, second] = drain(reader)
    second?.ack()
    await reader.flush()
    const before = reader.position()

    first?.ack()
    await reader.flush()

    expect(Number(before)).toBeLessThan(Number(first?.position))
    expect(Number(reader.position())).toBe(Number(second?.position))
  })

  test("a pattern's group keeps what comes for topics that did not exist, while nobody is there", async () => {
    const { broker } = made()
    const first = await broker.subscribe(pattern('orders.*'), { group: 'g' })
    await first.close()

    await broker.publish('orders.new', many(1))
    const second = await broker.subscribe(pattern('orders.*'), { group: 'g' })

    expect(ids(drain(second))).toEqual(['0'])
  })

  test('a deduplication id drops what was seen under it, for as long as the window is', async () => {
    const { broker, clock } = made({ dedupeWindow: 1000 })
    const reader = await broker.subscribe('t', { group: 'g' })
    await broker.publish('t', many(1), { dedupeId: 'd' })
    await broker.publish('t', many(1, 1), { dedupeId: 'd' })
    await clock.advance(1000)
    await broker.publish('t', many(1, 2), { dedupeId: 'd' })

    expect(ids(drain(reader))).toEqual(['0', '2'])
  })
})

describe('statistics', () => {
  test('a failure that waits in this process counts as one that waits with the broker', async () => {
    for (const redelivery of ['broker', 'process'] as const) {
      const { broker, clock } = made()
      const reader = await broker.subscribe('t', { group: 'g', redelivery, backoff: { base: 10, jitter: 'none' } })
      await broker.publish('t', many(1))
      drain(reader)[0]?.nack()
      await reader.flush()
      await clock.advance(10)
      drain(reader)[0]?.ack()
      await reader.flush()

      const counts = { delivered: 2, redelivered: 1, nacked: 1, acked: 1, pending: 0, inFlight: 0 }
      expect(broker.statistics().topics['t']?.groups['g'], redelivery).toMatchObject(counts)
    }
  })

  test('count what happened, per topic and group', async () => {
    const { broker, clock } = made()
    const reader = await broker.subscribe('t', { group: 'g', maxDeliveries: 2, backoff: { base: 0, max: 0 } })
    const alone = await broker.subscribe('t')
    await broker.publish('t', many(4))
    for (const delivery of drain(alone).slice(0, 1)) delivery.ack()
    const [a, b, c, d] = drain(reader)
    a?.ack()
    b?.nack()
    c?.release()
    await reader.flush()
    await alone.flush()
    const again = drain(reader)
    again.find(({ message }) => message.id === '1')?.nack()
    await clock.advance(0)
    await reader.flush()

    expect(d?.message.id).toBe('3')
    expect(broker.statistics().topics['t']).toMatchObject({
      published: 4,
      groups: {
        g: {
          delivered: 6,
          acked: 1,
          nacked: 1,
          redelivered: 1,
          released: 1,
          deadLettered: 1,
          pending: 2,
          inFlight: 2,
          consumers: 1,
        },
      },
      ephemeral: [{ delivered: 4, acked: 1, pending: 3, inFlight: 3 }],
    })
    expect(await broker.lag?.('t', 'g')).toEqual({ messages: 2 })
    expect(broker.statistics()).toMatchObject({ published: 5, pending: 5 })
  })

  test('topics can be cleared and dropped', async () => {
    const { broker } = made()
    const reader = await broker.subscribe('t', { group: 'g' })
    await broker.publish('t', many(3))

    expect(broker.clearTopic('t')).toBe(3)
    expect(reader.tryReceive()).toBeUndefined()
    expect(() => broker.dropTopic('t')).toThrow(expect.objectContaining({ code: 'TOO_MANY_SUBSCRIBERS' }))
    await reader.close()

    expect([broker.dropTopic('t'), broker.dropTopic('t')]).toEqual([true, false])
  })
})

describe('a transaction', () => {
  test('what it acked is settled, not lost: acking again agrees, anything else is SETTLED', async () => {
    const { broker } = made()
    const orders = await broker.subscribe('orders', { group: 'g' })
    await broker.publish('orders', message('a'))
    const delivery = await orders.receive()
    const { signal } = delivery

    await broker.transaction?.(tx => Promise.resolve(tx.ack(delivery)))

    expect(signal.reason).toMatchObject({ code: 'SETTLED' })
    expect(delivery.ack()).toBe(true)
    expect(() => delivery.nack()).toThrow(expect.objectContaining({ code: 'SETTLED' }))
    await expect(delivery.extend()).rejects.toMatchObject({ code: 'SETTLED' })
  })

  test('publishes and acks together, or not at all', async () => {
    const { broker } = made()
    const reader = await broker.subscribe('in', { group: 'g' })
    const out = await broker.subscribe('out', { group: 'g' })
    await broker.publish('in', many(2))
    const [first, second] = drain(reader)

    await broker.transaction?.(async tx => {
      await tx.publish('out', message('x', { id: 'done' }))
      tx.ack(first!) // two were published
    })
    await expect(
      broker.transaction?.(async tx => {
        await tx.publish('out', message('x', { id: 'undone' }))
        tx.ack(second!)
        throw new Error('no')
      }),
    ).rejects.toThrow('no')

    expect(ids(drain(out))).toEqual(['done'])
    expect(broker.statistics().topics['in']?.groups['g']).toMatchObject({ acked: 1, inFlight: 1 })
    expect(second?.ack()).toBe(true)
  })

  test('that finds one topic full leaves the others and what it acked as they were', async () => {
    for (const whenFull of ['block', 'refuse'] as const) {
      const { broker } = made({ capacity: { messages: 2 }, retain: { messages: 0 }, whenFull })
      const reader = await broker.subscribe('in', { group: 'g' })
      const out = await broker.subscribe('out', { group: 'g' })
      await broker.declare('full', { group: 'g' })
      await broker.publish('in', many(1))
      await broker.publish('full', many(2))
      const [first] = drain(reader)

      const transaction = broker.transaction?.(async tx => {
        await tx.publish('out', message('x'))
        await tx.publish('full', message('x'))
        tx.ack(first!) // one was published
      })

      await expect(transaction).rejects.toMatchObject({ code: 'PUBLISH_FAILED', cause: { code: 'QUEUE_FULL' } })
      expect(drain(out)).toEqual([])
      expect(first?.ack()).toBe(true)
    }
  })

  test('checks what it is to publish as a publish does', async () => {
    const { broker } = made({ maxBytes: 10 })

    const transaction = broker.transaction?.(tx => tx.publish('t', message('12345678901')))

    await expect(transaction).rejects.toMatchObject({ code: 'TOO_LARGE' })
  })
})
