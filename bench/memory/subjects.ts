/**
 * One subject, measured in a process of its own so that none is compiled for another's shapes:
 * `node subjects.ts <subject> <size> <messages>` prints `{ value }`, a rate, a time or an amount as the case wants it.
 */
import { EventEmitter } from 'node:events'
import { Subject } from 'rxjs'
import { correlation, message, Router } from 'millrace'
import type { Broker, Message, Middleware, Subscription } from 'millrace'
import { memory } from 'millrace/memory'
import { Histogram } from '../histogram.ts'

type Measured = (size: number, messages: number) => Promise<number> | number

const TOPIC = 'bench'
/** Messages in one publish where a publisher has many. */
const BATCH = 256
/** What every handler does: something that no compiler can leave out. */
let sum = 0
function handle(one: Message): void {
  sum += one.payload.length
}
async function handleLater(one: Message): Promise<void> {
  sum += one.payload.length
}

const made = new Map<string, readonly Message[]>()
function batchOf(size: number, count = BATCH): readonly Message[] {
  const key = `${size} ${count}`
  let batch = made.get(key)
  if (!batch) made.set(key, (batch = Array.from({ length: count }, () => message(new Uint8Array(size)))))
  return batch
}

const subjects: Readonly<Record<string, Measured>> = {
  EventEmitter: (size, messages) => {
    const emitter = new EventEmitter()
    emitter.on(TOPIC, handle)
    const batch = batchOf(size)
    return rate(messages, () => {
      for (let i = 0; i < messages; i++) emitter.emit(TOPIC, batch[i & (BATCH - 1)])
    })
  },
  'RxJS Subject': (size, messages) => {
    const subject = new Subject<Message>()
    subject.subscribe(handle)
    const batch = batchOf(size)
    return rate(messages, () => {
      for (let i = 0; i < messages; i++) subject.next(batch[i & (BATCH - 1)]!) // within the batch
    })
  },
  'each, sync handler': (size, messages) =>
    live(size, messages, (subscription, count) => subscription.each(({ message }) => (handle(message), count(1)))),
  'each, async handler': (size, messages) =>
    live(size, messages, (subscription, count) =>
      subscription.each(async ({ message }) => {
        await handleLater(message)
        count(1)
      }),
    ),
  'each, async handler without await': (size, messages) =>
    live(size, messages, (subscription, count) =>
      subscription.each(({ message }) => {
        const later = handleLater(message)
        count(1)
        return later
      }),
    ),
  'batches, sync handler': (size, messages) =>
    live(size, messages, async (subscription, count) => {
      for await (const batch of subscription.batches({ size: BATCH })) {
        for (const delivery of batch) {
          handle(delivery.message)
          delivery.ack()
        }
        count(batch.length)
      }
    }),
  'for await, async handler': (size, messages) =>
    live(size, messages, async (subscription, count) => {
      for await (const delivery of subscription) {
        await handleLater(delivery.message)
        delivery.ack()
        count(1)
      }
    }),
  'publish one by one, each': (size, messages) =>
    live(
      size,
      messages,
      (subscription, count) => subscription.each(({ message }) => (handle(message), count(1))),
      onebyOne,
    ),
  'a new message each, for await': (size, messages) =>
    live(
      size,
      messages,
      async (subscription, count) => {
        for await (const delivery of subscription) {
          await handleLater(delivery.message)
          delivery.ack()
          count(1)
        }
      },
      newOnes,
    ),
  'a new message each, each': (size, messages) =>
    live(
      size,
      messages,
      (subscription, count) => subscription.each(({ message }) => (handle(message), count(1))),
      newOnes,
    ),
  'new messages in batches, each': (size, messages) =>
    live(
      size,
      messages,
      (subscription, count) => subscription.each(({ message }) => (handle(message), count(1))),
      newBatches,
    ),
  'router, no middleware': (size, messages) => routed(size, messages, []),
  'router, 5 middlewares': (size, messages) => routed(size, messages, Array.from({ length: 5 }, passOn)),
  'router, 5 middlewares, async': (size, messages) => routed(size, messages, Array.from({ length: 5 }, passOn), true),
  'router, correlation': (size, messages) => routed(size, messages, [correlation()]),
  'latency p50': (size, messages) => latency(size, messages, 50),
  'latency p99': (size, messages) => latency(size, messages, 99),
  'latency p99.9': (size, messages) => latency(size, messages, 99.9),
  'heap growth': async (size, messages) => {
    await live(size, 200_000, (subscription, count) => subscription.each(({ message }) => (handle(message), count(1))))
    globalThis.gc?.()
    const before = process.memoryUsage().heapUsed
    const broker = memory()
    await through(broker, size, messages, (subscription, count) =>
      subscription.each(({ message }) => (handle(message), count(1))),
    )
    globalThis.gc?.()
    const after = process.memoryUsage().heapUsed
    await broker.close()
    return after - before
  },
}

/** Subjects that take how many as their size: `subscribers` and `topics`. */
const sweeps: Readonly<Record<string, Measured>> = {
  'EventEmitter to subscribers': (subscribers, messages) => {
    const emitter = new EventEmitter()
    emitter.setMaxListeners(subscribers)
    for (let i = 0; i < subscribers; i++) emitter.on(TOPIC, one => handle(one as Message))
    const batch = batchOf(64)
    return rate(messages * subscribers, () => {
      for (let i = 0; i < messages; i++) emitter.emit(TOPIC, batch[i & (BATCH - 1)])
    })
  },
  'broadcast to subscribers': async (subscribers, messages) => {
    const broker = memory()
    let left = messages * subscribers
    const all: Subscription[] = []
    for (let i = 0; i < subscribers; i++) all.push(await broker.subscribe(TOPIC))
    const started = performance.now()
    const done = all.map(subscription =>
      subscription.each(({ message }) => {
        handle(message)
        if (--left === 0) for (const one of all) void one.close()
      }),
    )
    await inBatches(broker, 64, messages)
    await Promise.all(done)
    const took = performance.now() - started
    await broker.close()
    return ((messages * subscribers) / took) * 1000
  },
  'a map of rings over topics': (topics, messages) => overRings(topics, messages, inTurn),
  'a map of rings over topics at random': (topics, messages) => overRings(topics, messages, atRandom),
  'one by one over topics': (topics, messages) => overTopics(topics, messages, 1, inTurn),
  'one by one over topics at random': (topics, messages) => overTopics(topics, messages, 1, atRandom),
  'in batches of 64 over topics': (topics, messages) => overTopics(topics, messages, 64, inTurn),
  'in batches of 64 over topics at random': (topics, messages) => overTopics(topics, messages, 64, atRandom),
}

type Order = (names: readonly string[]) => readonly string[]
const inTurn: Order = names => names
/** So that no cache can tell what comes next. */
const atRandom: Order = names => {
  const order = [...names]
  for (let i = order.length - 1; i > 0; i--) {
    const other = Math.floor(Math.random() * (i + 1))
    ;[order[i], order[other]] = [order[other]!, order[i]!] // both are in it
  }
  return order
}

/** ns a message, one topic after another, again and again. Each topic has as many as it keeps when the measurement begins. */
async function overTopics(topics: number, messages: number, size: number, order: Order): Promise<number> {
  const kept = 64
  const broker = memory({ retain: { messages: kept } })
  const names = Array.from({ length: topics }, (_, i) => `topic-${i}`)
  const visits = order(names)
  const subscription = await broker.subscribe(names, { group: 'g' })
  const batch = batchOf(64, size)
  const before = batchOf(64, 2 * kept)
  const publishes = Math.ceil(messages / size)
  let left = before.length * topics + publishes * size
  const done = subscription.each(({ message }) => {
    handle(message)
    if (--left === 0) void subscription.close()
  })
  for (const name of names) await broker.publish(name, before)
  while (left > publishes * size) await new Promise(setImmediate)
  const started = performance.now()
  for (let i = 0, at = 0; i < publishes; i++) {
    await broker.publish(visits[at]!, size === 1 ? batch[0]! : batch) // within the visits, and there is one
    if (++at === topics) at = 0
  }
  await done
  const took = performance.now() - started
  await broker.close()
  return (took * 1e6) / (publishes * size)
}

/**
 * ns a message of the least that anything with topics does: find the topic by its name, keep the message in its ring,
 * hand it over, count it. What this costs more over many topics is the machine's memory, and nobody's broker.
 */
async function overRings(topics: number, messages: number, order: Order): Promise<number> {
  const kept = 128
  const rings = new Map<string, { readonly ring: (Message | undefined)[]; tail: number; done: number }>()
  const names = Array.from({ length: topics }, (_, i) => `topic-${i}`)
  const visits = order(names)
  for (const name of names)
    rings.set(name, { ring: Array<Message | undefined>(kept).fill(undefined), tail: 0, done: 0 })
  const batch = batchOf(64)
  const publish = (name: string, one: Message): Promise<void> | undefined => {
    const topic = rings.get(name)! // all of the names are there
    topic.ring[topic.tail++ & (kept - 1)] = one
    handle(topic.ring[topic.done++ & (kept - 1)]!) // it has just been put there
    return undefined
  }
  const started = performance.now()
  for (let i = 0, at = 0; i < messages; i++) {
    await publish(visits[at]!, batch[i & (BATCH - 1)]!) // within the visits, and the batch
    if (++at === topics) at = 0
  }
  return ((performance.now() - started) * 1e6) / messages
}

function rate(messages: number, run: () => void): number {
  const started = performance.now()
  run()
  return (messages / (performance.now() - started)) * 1000
}

type Consume = (subscription: Subscription, count: (handled: number) => void) => Promise<void>
type Produce = (broker: Broker, size: number, messages: number) => Promise<void>

/** Messages a second from the first publish to the last acknowledgement, one publisher and one subscriber at once. */
async function live(size: number, messages: number, consume: Consume, produce: Produce = inBatches): Promise<number> {
  const broker = memory()
  const took = await through(broker, size, messages, consume, produce)
  await broker.close()
  return (messages / took) * 1000
}

async function through(
  broker: Broker,
  size: number,
  messages: number,
  consume: Consume,
  produce: Produce = inBatches,
): Promise<number> {
  const subscription = await broker.subscribe(TOPIC, { group: 'g', prefetch: 1000 })
  let left = messages
  const started = performance.now()
  const consumed = consume(subscription, handled => {
    left -= handled
    if (left <= 0) void subscription.close()
  })
  await produce(broker, size, messages)
  await consumed
  return performance.now() - started
}

async function inBatches(broker: Broker, size: number, messages: number): Promise<void> {
  const batch = batchOf(size)
  for (let left = messages; left > 0; left -= BATCH)
    await broker.publish(TOPIC, left >= BATCH ? batch : batch.slice(0, left))
}

async function onebyOne(broker: Broker, size: number, messages: number): Promise<void> {
  const batch = batchOf(size)
  for (let i = 0; i < messages; i++) await broker.publish(TOPIC, batch[i & (BATCH - 1)]!) // within the batch
}

async function newOnes(broker: Broker, size: number, messages: number): Promise<void> {
  const payload = new Uint8Array(size)
  for (let i = 0; i < messages; i++) await broker.publish(TOPIC, message(payload))
}

async function newBatches(broker: Broker, size: number, messages: number): Promise<void> {
  const payload = new Uint8Array(size)
  for (let left = messages; left > 0; left -= BATCH) {
    const batch: Message[] = []
    for (let i = Math.min(left, BATCH); i > 0; i--) batch.push(message(payload))
    await broker.publish(TOPIC, batch)
  }
}

function passOn(): Middleware {
  return next => (value, context) => next(value, context)
}

async function routed(
  size: number,
  messages: number,
  middlewares: readonly Middleware[],
  later = false,
): Promise<number> {
  const broker = memory()
  const router = new Router()
  for (const one of middlewares) router.use(one)
  let left = messages
  let finish: () => void = () => undefined
  const finished = new Promise<void>(resolve => (finish = resolve))
  const count = (one: Message): void => {
    handle(one)
    if (--left === 0) finish()
  }
  router.handle(
    'bench',
    { subscriber: broker, topic: TOPIC },
    later ? async (one: Message) => count(one) : (one: Message) => count(one),
  )
  const running = router.run()
  await router.running
  const started = performance.now()
  await newOnes(broker, size, messages)
  await finished
  const took = performance.now() - started
  await router.close()
  await running
  await broker.close()
  return (messages / took) * 1000
}

/** One message at a time, from publish to the acknowledgement being accepted; µs. */
async function latency(size: number, messages: number, percentile: number): Promise<number> {
  const broker = memory()
  const subscription = await broker.subscribe(TOPIC, { group: 'g' })
  const [one] = batchOf(size)
  const histogram = new Histogram()
  for (let i = 0; i < messages; i++) {
    const started = process.hrtime.bigint()
    const received = subscription.receive()
    await broker.publish(TOPIC, one!) // there is one
    const delivery = await received
    delivery.ack()
    await subscription.flush()
    if (i >= messages / 10) histogram.record(Number(process.hrtime.bigint() - started))
  }
  await broker.close()
  return histogram.percentile(percentile) / 1000
}

const [name = '', size = '', messages = ''] = process.argv.slice(2)
const subject = subjects[name] ?? sweeps[name]
if (!subject) throw new Error(`there is no subject '${name}'`)
// A tenth of it first, so that what is measured is compiled.
if (!name.startsWith('heap')) await subject(Number(size), Math.ceil(Number(messages) / 10))
globalThis.gc?.()
console.log(JSON.stringify({ value: await subject(Number(size), Number(messages)), sum }))
