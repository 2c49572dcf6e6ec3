import { describe, expect, it, test } from 'vitest'
import { broker } from '../../src/adapter/broker.ts'
import type { Delivery, PublishOptions, SubscribeOptions } from '../../src/contract.ts'
import { memory } from '../../src/memory/index.ts'
import type { MemoryBroker, MemoryOptions } from '../../src/memory/index.ts'
import { message } from '../../src/message.ts'
import { pattern } from '../../src/pattern.ts'
import { breaker } from '../../src/policy/breaker.ts'
import { bulkhead } from '../../src/policy/bulkhead.ts'
import { dedupe } from '../../src/policy/dedupe.ts'
import { memoryDedupeStore } from '../../src/policy/dedupe-store.ts'
import { redeliver } from '../../src/policy/redeliver.ts'
import { retry } from '../../src/policy/retry.ts'
import { throttle } from '../../src/policy/throttle.ts'
import { timeout } from '../../src/policy/timeout.ts'
import { Router } from '../../src/router/router.ts'
import { signals } from '../../src/router/signals.ts'
import { publisher } from '../../src/topic/publisher.ts'
import { topic } from '../../src/topic/topic.ts'
import { virtualClock } from '../../src/testing/virtual-clock.ts'
import { ScriptedDriver } from './scripted-driver.ts'

/** What no option that is a number may be; each gives them to the option as a caller without types would. */
const never: readonly unknown[] = [-1, Number.NaN, '5', null, {}, true, 1n, Symbol('x')]

type Use = (value: never, broker: MemoryBroker) => unknown

/** One delivery in hand, to settle. */
async function inHand(memory: MemoryBroker): Promise<Delivery> {
  const subscription = await memory.subscribe('in-hand', { group: 'g' })
  await memory.publish('in-hand', message('x'))
  return subscription.receive()
}

const made = (options: Parameters<typeof broker>[1]): unknown => broker(new ScriptedDriver(virtualClock()), options)
const subscribe =
  (name: keyof SubscribeOptions): Use =>
  (value, broker) =>
    broker.subscribe('t', { [name]: value })
const backoff =
  (name: string): Use =>
  (value, broker) =>
    broker.subscribe('t', { backoff: { [name]: value } })
const publish =
  (name: keyof PublishOptions): Use =>
  (value, broker) =>
    broker.publish('t', message('x'), { [name]: value })
const storing =
  (name: keyof MemoryOptions): Use =>
  value =>
    memory({ [name]: value })
const handler =
  (spec: (value: never) => object): Use =>
  (value, subscriber) =>
    new Router().handle('h', { subscriber, topic: 't', ...spec(value) } as never, () => undefined)
const batched =
  (name: string): Use =>
  (value, subscriber) =>
    new Router().batch('h', { subscriber, topic: 't', batch: { size: 1, [name]: value } }, () => undefined)

const options: Readonly<Record<string, { use: Use; also?: readonly unknown[] }>> = {
  'memory ttl': { use: storing('ttl'), also: [0, Infinity] },
  'memory maxTopics': { use: storing('maxTopics'), also: [0, 1.5] },
  'memory maxSubscribers': { use: storing('maxSubscribers'), also: [0, 1.5] },
  'memory maxBytes': { use: storing('maxBytes'), also: [0, 1.5] },
  'memory dedupeWindow': { use: storing('dedupeWindow'), also: [0, 1.5] },
  'memory idleTopics': { use: storing('idleTopics'), also: [0, Infinity] },
  'memory capacity.messages': { use: value => memory({ capacity: { messages: value } }), also: [0, 1.5] },
  'memory retain.bytes': { use: value => memory({ retain: { bytes: value } }), also: [1.5] },
  'subscribe prefetch': { use: subscribe('prefetch'), also: [0, 1.5, Infinity] },
  'subscribe maxDeliveries': { use: subscribe('maxDeliveries'), also: [0, 1.5, Infinity] },
  'subscribe lease': { use: subscribe('lease'), also: [0, Infinity] },
  'subscribe maxLease': { use: subscribe('maxLease'), also: [0, 1] },
  'subscribe backoff.base': { use: backoff('base'), also: [Infinity] },
  'subscribe backoff.max': { use: backoff('max'), also: [0, Infinity] },
  'subscribe backoff.factor': { use: backoff('factor'), also: [0, Infinity] },
  'subscribe from.time': { use: (value, broker) => broker.subscribe('t', { from: { time: value === -1 ? Infinity : value } }) }, // prettier-ignore
  'publish timeout': { use: publish('timeout'), also: [0] },
  'publish delay': { use: publish('delay') },
  'publish ttl': { use: publish('ttl'), also: [0, Infinity] },
  'publish priority': { use: publish('priority'), also: [1.5, Infinity] },
  'nack delay': { use: async (value, broker) => (await inHand(broker)).nack({ delay: value }), also: [Infinity] },
  extend: { use: async (value, broker) => (await inHand(broker)).extend(value), also: [Infinity] },
  'batches size': { use: async (value, broker) => (await broker.subscribe('t')).batches({ size: value }), also: [0, 1.5] }, // prettier-ignore
  'batches within': { use: async (value, broker) => (await broker.subscribe('t')).batches({ size: 1, within: value }) },
  'subscription close': { use: async (value, broker) => (await broker.subscribe('t')).close({ timeout: value }) },
  'broker close': { use: value => memory().close({ timeout: value }) },
  'router close': { use: value => new Router().close({ timeout: value }) },
  'router run': { use: value => new Router().run({ timeout: value }) },
  'handler stop': { use: (value, broker) => new Router().handle('h', { subscriber: broker, topic: 't' }, () => undefined).stop({ timeout: value }) }, // prettier-ignore
  signals: { use: value => signals({ timeout: value }) },
  connectTimeout: { use: value => made({ connectTimeout: value }), also: [0] },
  'reconnect base': { use: value => made({ reconnect: { base: value } }), also: [Infinity] },
  'retry attempts': { use: value => retry({ attempts: value }), also: [0, 1.5, Infinity] },
  'retry base': { use: value => retry({ base: value }), also: [Infinity] },
  'retry elapsed': { use: value => retry({ elapsed: value }) },
  'redeliver attempts': { use: value => redeliver({ attempts: value }), also: [0, 1.5, Infinity] },
  'throttle rate': { use: value => throttle({ rate: value }), also: [0, 1.5, Infinity] },
  'throttle per': { use: value => throttle({ rate: 1, per: value }), also: [0, Infinity] },
  'breaker failures': { use: value => breaker({ failures: value }), also: [0, 1.5, Infinity] },
  'breaker interval': { use: value => breaker({ interval: value }), also: [0] },
  'breaker cooldown': { use: value => breaker({ cooldown: value }), also: [0, Infinity] },
  'breaker probes': { use: value => breaker({ probes: value }), also: [0, 1.5, Infinity] },
  'bulkhead limit': { use: value => bulkhead({ limit: value }), also: [0, 1.5, Infinity] },
  'dedupe ttl': { use: value => dedupe({ ttl: value }), also: [0] },
  'dedupe lease': { use: value => dedupe({ lease: value }), also: [0] },
  'dedupe store max': { use: value => memoryDedupeStore({ max: value }), also: [0, 1.5, Infinity] },
  timeout: { use: value => timeout(value), also: [0, Infinity] },
  'handler timeout': { use: handler(timeout => ({ timeout })), also: [0, Infinity] },
  'handler concurrency': { use: handler(concurrency => ({ concurrency })), also: [0, 1.5, Infinity] },
  'handler redeliver': { use: handler(attempts => ({ redeliver: { attempts } })), also: [0, 1.5, Infinity] },
  'batch size': { use: batched('size'), also: [0, 1.5, Infinity] },
  'batch within': { use: batched('within') },
}

describe('a number outside its bounds is BAD_OPTION and does nothing', () => {
  for (const [name, { use, also = [] }] of Object.entries(options))
    it(`${name}`, async () => {
      const store = memory()

      for (const value of [...never, ...also]) {
        const tried = (async () => use(value as never, store))()
        await expect(tried, `${name}: ${String(value)}`).rejects.toMatchObject({ code: 'BAD_OPTION' })
      }
      await store.close({ timeout: 0 })
    })
})

test('what is no message is INVALID_PAYLOAD, alone and in a batch', async () => {
  const store = memory()
  const good = message('x')
  const wrong = [undefined, null, 7, 'text', {}, { ...good, id: '' }, { ...good, id: 7 }, { ...good, payload: 'text' }, { ...good, key: 7 }] // prettier-ignore

  for (const one of wrong) {
    await expect(store.publish('t', one as never)).rejects.toMatchObject({ code: 'INVALID_PAYLOAD' })
    await expect(store.publish('t', [good, one as never])).rejects.toMatchObject({ code: 'INVALID_PAYLOAD' })
  }
  expect(store.statistics().published).toBe(0)
})

test('what is no name or no pattern is INVALID_TOPIC, whatever it is', async () => {
  const store = memory()

  for (const wrong of [undefined, null, 7, {}, '', '.', 'a..b', 'a b', 'a/b', 'ä', 'a\n', '*', 'a'.repeat(81)]) {
    await expect(store.publish(wrong as never, message('x'))).rejects.toMatchObject({ code: 'INVALID_TOPIC' })
    await expect(store.subscribe(wrong as never)).rejects.toMatchObject({ code: 'INVALID_TOPIC' })
    await expect(store.declare(wrong as never)).rejects.toMatchObject({ code: 'INVALID_TOPIC' })
    if (wrong !== '*') expect(() => pattern(wrong as never)).toThrow('levels are')
  }
})

test('a router takes functions as handlers and middleware, and what subscribes as a subscriber', () => {
  const subscriber = memory()
  const router = new Router()
  const bad = expect.objectContaining({ code: 'BAD_OPTION' }) as Error

  for (const wrong of [undefined, null, 7, {}]) {
    expect(() => router.handle('h', { subscriber, topic: 't' }, wrong as never)).toThrow(bad)
    expect(() => router.handle('h', { subscriber: wrong as never, topic: 't' }, () => undefined)).toThrow(bad)
  }
  expect(() => router.use(null as never)).toThrow(bad)
  expect(() => router.use({ per: 'attempt' }, next => next)).toThrow(bad)
  expect(() => router.use(next => next, { per: 'message' as never })).toThrow(bad)
  expect(() => router.use(next => next, { pre: 'delivery' } as never)).toThrow(bad)
})

test('a subscription whose dead letters would come back to it is refused', async () => {
  const store = memory()

  const named = store.subscribe('orders', { group: 'g', deadLetter: 'orders' })
  const matched = store.subscribe(pattern('orders.**'), { group: 'g', deadLetter: 'orders.failed' })
  const apart = store.subscribe(pattern('orders.**'), { group: 'g', deadLetter: 'orders.dead' })

  await expect(named).rejects.toMatchObject({ code: 'BAD_OPTION' })
  await expect(matched).rejects.toMatchObject({ code: 'BAD_OPTION' })
  await expect(apart).resolves.toBeDefined()
})

describe('an option that there is not is refused by its name', () => {
  const bad = { code: 'BAD_OPTION', message: expect.stringContaining("no option 'wrong'") as string }

  test('of publish, subscribe and declare', async () => {
    const store = memory()

    await expect(store.publish('t', message('x'), { wrong: 1 } as never)).rejects.toMatchObject(bad)
    await expect(store.subscribe('t', { wrong: 1 } as never)).rejects.toMatchObject(bad)
    await expect(store.declare('t', { wrong: 'g' } as never)).rejects.toMatchObject(bad)
    expect(store.topics()).toEqual([])
  })

  test('but the broker’s own are let through, and all are where the driver names none', async () => {
    const naming = Object.assign(new ScriptedDriver(virtualClock()), { subscribeOptions: ['qos'] })
    const silent = new ScriptedDriver(virtualClock())

    await broker(naming).subscribe('t', { qos: 1 } as SubscribeOptions)
    await expect(broker(naming).subscribe('t', { wrong: 1 } as never)).rejects.toMatchObject(bad)
    await broker(silent).subscribe('t', { wrong: 1 } as never)
  })

  test('a typed publisher takes what is the message’s own beside what is the publish’s', async () => {
    const store = memory()
    const reader = await store.subscribe('t')

    await publisher(store, topic<number>('t')).publish(5, { id: 'five', key: 'k', metadata: { a: 'b' }, ttl: 1000 })

    expect((await reader.receive()).message).toMatchObject({ id: 'five', key: 'k', metadata: { a: 'b' } })
  })
})

test('a signal that is none is BAD_OPTION', async () => {
  const store = memory()

  for (const signal of [5, {}, null] as never[]) {
    await expect(store.publish('t', message('x'), { signal })).rejects.toMatchObject({ code: 'BAD_OPTION' })
    await expect(store.subscribe('t', { signal })).rejects.toMatchObject({ code: 'BAD_OPTION' })
    await expect(store.declare('t', { signal })).rejects.toMatchObject({ code: 'BAD_OPTION' })
    await expect(store.open({ signal })).rejects.toMatchObject({ code: 'BAD_OPTION' })
  }
})

test('an event that there is not, and a listener or a handler that is none, are BAD_OPTION', async () => {
  const subscription = await memory().subscribe('t')
  const bad = expect.objectContaining({ code: 'BAD_OPTION' }) as Error

  expect(() => subscription.on('closed' as never, () => undefined)).toThrow(bad)
  expect(() => subscription.on('up', undefined as never)).toThrow(bad)
  await expect(subscription.each(undefined as never)).rejects.toThrow(bad)
  expect(() => subscription.batches(undefined as never)).toThrow(bad)
})
