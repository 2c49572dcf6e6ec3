import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { start } from '@millrace/harness'
import type { RunningServer } from '@millrace/harness'
import { Admin } from '@platformatic/kafka'
import { message, text, tombstone } from 'millrace'
import type { Broker, Delivery, Subscription } from 'millrace'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { kafka } from '../src/index.ts'
import type { KafkaOptions } from '../src/index.ts'
import { Sender } from '../src/sender.ts'

let server: RunningServer
beforeAll(async () => {
  server = await start('kafka', { fresh: true })
})
afterAll(() => server.stop())

const opened: Broker[] = []
function open(options: Partial<KafkaOptions> = {}): Broker {
  const where = options.client ? {} : { url: server.url }
  const broker = kafka({ ...where, sessionTimeout: 6_000, heartbeatInterval: 300, refresh: 300, ...options })
  opened.push(broker)
  return broker
}
afterEach(async () => {
  vi.restoreAllMocks()
  await Promise.all(opened.splice(0).map(broker => broker.close({ timeout: 0 })))
})
let names = 0
const unique = (name: string): string => `${name}-${process.pid}-${++names}`
const numbers = (count: number): string[] => Array.from({ length: count }, (_, i) => String(i))
const texts = (deliveries: readonly Delivery[]): string[] => deliveries.map(one => text(one.message))
const bare = () => ({ clientId: 'bare', bootstrapBrokers: [new URL(server.url).host], retryDelay: 50 })

async function take(subscription: Subscription, count: number): Promise<Delivery[]> {
  const taken: Delivery[] = []
  while (taken.length < count) taken.push(await subscription.receive({ signal: AbortSignal.timeout(20_000) }))
  return taken
}

/** Watches requests from now on; tells how many messages went with each. */
function watch(): () => number[] {
  const send = vi.spyOn(Sender.prototype, 'send')
  return () => send.mock.calls.map(([batches]) => batches.reduce((sum, { value }) => sum + value.count, 0))
}

describe('requests', () => {
  test('what is published in one turn goes with one request, and what comes meanwhile with the next', async () => {
    const [topic, broker] = [unique('turn'), open({ partitions: 1 })]
    await broker.publish(topic, message('first'))
    const sizes = watch()

    const one = Promise.all(numbers(10).map(each => broker.publish(topic, message(each)))) // prettier-ignore
    await new Promise(resolve => setImmediate(resolve))
    const two = Promise.all(numbers(20).map(each => broker.publish(topic, message(each)))) // prettier-ignore
    await Promise.all([one, two])

    expect(sizes()).toEqual([10, 20])
  })

  test('with linger a message waits for company, and no longer once there is a batch of it', async () => {
    const topic = unique('linger')
    const broker = open({ partitions: 1, linger: 200, batchBytes: 2_000 })
    const patient = open({ linger: 60_000, batchBytes: 2_000 })
    await broker.declare(topic)
    await open().publish(topic, message('first'))
    const sizes = watch()

    const begun = performance.now()
    const slow = broker.publish(topic, message('a'))
    await new Promise(resolve => setTimeout(resolve, 20))
    await Promise.all([slow, broker.publish(topic, message('b'))])
    const waited = performance.now() - begun
    // It would wait a minute: the third makes it a batch.
    await Promise.all([0, 1, 2].map(() => patient.publish(topic, message(new Uint8Array(900)))))

    expect(waited).toBeGreaterThan(150)
    expect(sizes()[0]).toBe(2)
    expect(
      sizes()
        .slice(1)
        .reduce((sum, one) => sum + one, 0),
    ).toBe(3)
  })

  test('more than batchBytes for one partition goes in several requests, in order', async () => {
    const topic = unique('bytes')
    const broker = open({ partitions: 1, batchBytes: 10_000 })
    await broker.declare(topic)
    const sizes = watch()

    await broker.publish(topic, numbers(50).map(one => message(one.padEnd(1_000)))) // prettier-ignore
    const taken = await take(await broker.subscribe(topic, { from: 'earliest' }), 50)

    expect(sizes().length).toBeGreaterThan(4)
    expect(Math.max(...sizes())).toBeLessThan(10)
    expect(texts(taken).map(one => one.trim())).toEqual(numbers(50))
  })
})

describe('options', () => {
  test("the vendor client's own options are taken as they are, for every client that is made", async () => {
    const topic = unique('client')
    const broker = open({ client: { ...bare(), clientId: unique('their-own') }, partitions: 1 })

    const subscription = await broker.subscribe(topic, { group: 'g' })
    await broker.publish(topic, message('a'))
    const [delivery] = await take(subscription, 1)

    expect(text(delivery!.message)).toBe('a')
  })

  test('topics are made as the options say: partitions, replicas and configuration', async () => {
    const topic = unique('made')
    const broker = open({ partitions: 5, replicas: 1, topicConfig: { 'cleanup.policy': 'compact' } })
    await broker.declare(topic)
    const admin = new Admin(bare())

    const { topics } = await admin.metadata({ topics: [topic], forceUpdate: true })
    const [configs] = await admin.describeConfigs({ resources: [{ resourceType: 2, resourceName: topic, configurationKeys: ['cleanup.policy', 'max.message.bytes'] }] }) // prettier-ignore
    await admin.close()

    expect(topics.get(topic)?.partitionsCount).toBe(5)
    expect(Object.fromEntries(configs!.configs.map(({ name, value }) => [name, value]))).toEqual({
      'cleanup.policy': 'compact',
      'max.message.bytes': String(1024 * 1024 + 64 * 1024),
    })
  })

  test('a partitioner of your own decides where keys go', async () => {
    const topic = unique('partitioner')
    const broker = open({ partitions: 4, partitioner: key => Number(key.toString()) })
    const subscription = await broker.subscribe(topic, { group: 'g' })

    await broker.publish(topic, numbers(4).map(key => message(key, { key }))) // prettier-ignore
    const taken = await take(subscription, 4)

    expect(taken.every(({ message: { key }, origin }) => Number(key) === origin['partition'])).toBe(true)
  })

  test('tombstones pass a compacted topic as tombstones, with their keys', async () => {
    const topic = unique('compacted')
    const broker = open({ partitions: 1, topicConfig: { 'cleanup.policy': 'compact' } })

    await broker.publish(topic, [message('1', { key: 'a' }), tombstone('a')])
    const taken = await take(await broker.subscribe(topic, { from: 'earliest' }), 2)

    expect(taken.map(({ message: { key, tombstone: gone } }) => [key, gone])).toEqual([
      ['a', undefined],
      ['a', true],
    ])
  })
})

describe('replay', () => {
  test('a position, a time and the beginning are met in every partition', async () => {
    const topic = unique('replay')
    const broker = open({ partitions: 3 })
    await broker.publish(topic, numbers(30).map(key => message(key, { key }))) // prettier-ignore
    const first = await take(await broker.subscribe(topic, { from: 'earliest' }), 30)
    await new Promise(resolve => setTimeout(resolve, 5)) // a moment lies between: times are whole ms
    const time = Date.now()
    await broker.publish(topic, numbers(30).map(key => message(`later ${key}`, { key }))) // prettier-ignore

    const since = await take(await broker.subscribe(topic, { from: { time } }), 30)
    const after = await take(await broker.subscribe(topic, { from: { after: first[19]!.position! } }), 40)
    const all = await take(await broker.subscribe(topic, { from: 'earliest' }), 60)

    expect(texts(since).every(one => one.startsWith('later'))).toBe(true)
    expect(texts(after).sort()).toEqual([...texts(first.slice(20)), ...texts(since)].sort())
    expect(new Set(texts(all)).size).toBe(60)
  })
})

describe('retry topics', () => {
  test('a failure waits elsewhere: its group goes on, its attempts and its wait outlive their consumer', async () => {
    const [topic, group] = [unique('retry'), unique('g')]
    const options = { retryTopics: true, partitions: 1 }
    const first = open(options)
    const subscription = await first.subscribe(topic, { group })
    await first.publish(topic, [message('bad', { key: 'k', metadata: { a: 'b' } }), message('good', { key: 'k' })])

    const [bad, good] = await take(subscription, 2)
    const { id } = bad!.message
    const begun = Date.now()
    bad?.nack({ delay: 1_500 })
    good?.ack()
    await subscription.flush()
    const lag = await first.lag!(topic, group)
    await first.close({ timeout: 0 })
    const [again] = await take(await open(options).subscribe(topic, { group }), 1)

    // The partition itself is settled to its end; what is left waits in the retry topic.
    expect(lag).toMatchObject({ messages: 1, parts: { [`${topic}:0`]: 0, [`${topic}..retry-${group}:0`]: 1 } })
    expect(again).toMatchObject({ topic, attempt: 2, message: { id, key: 'k', metadata: { a: 'b' } } })
    expect(again?.time).toBe(bad?.time)
    expect(Date.now() - begun).toBeGreaterThanOrEqual(1_490)
  })

  test('what fails again and again is dead-lettered with its topic and its attempts; others wait less', async () => {
    const [topic, group] = [unique('again'), unique('g')]
    const broker = open({ retryTopics: true, partitions: 1 })
    const subscription = await broker.subscribe(topic, { group, maxDeliveries: 3, backoff: { base: 1, max: 1 } })
    const dead = await broker.subscribe(`${topic}.${group}.dead`, { from: 'earliest' })
    await broker.publish(topic, [message('slow'), message('bad')])
    const order: string[] = []
    const reading = subscription.each(delivery => {
      const what = `${text(delivery.message)} ${delivery.attempt}`
      order.push(what)
      if (what === 'slow 1') delivery.nack({ delay: 1_000 })
      else if (what.startsWith('bad')) delivery.nack({ error: new Error('no') })
      else delivery.ack()
    })

    const [buried] = await take(dead, 1)
    await expect.poll(() => order.length, { timeout: 10_000 }).toBe(5)
    await subscription.close()
    await reading

    expect(buried?.message.metadata).toMatchObject({ 'millrace-dead-topic': topic, 'millrace-dead-attempts': '3' })
    expect(order).toEqual(['slow 1', 'bad 1', 'bad 2', 'bad 3', 'slow 2'])
    expect((await broker.lag!(topic, group)).messages).toBe(0)
  })
})

describe('a process that dies in the middle of a transaction', () => {
  test(
    'leaves nothing: what it consumed is consumed, and what comes of it published, once',
    { timeout: 60_000 },
    async () => {
      const [from, to, group, transactionalId] = [unique('from'), unique('to'), unique('g'), unique('t')]
      const broker = open({ transactionalId, partitions: 1 })
      await broker.publish(from, numbers(5).map(one => message(one, { key: 'k' }))) // prettier-ignore
      await broker.declare(to)
      const program = fileURLToPath(new URL('transaction-process.ts', import.meta.url))
      const args = ['--conditions=millrace-source', program, server.url, from, to, group, transactionalId, '5']
      const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
      await once(child.stdout, 'data')
      child.kill('SIGKILL')
      await once(child, 'exit')

      const source = await broker.subscribe(from, { group })
      const taken = await take(source, 5)
      await broker.transaction!(async transaction => {
        for (const delivery of taken) {
          await transaction.publish(to, message(text(delivery.message), { key: 'k' }))
          transaction.ack(delivery)
        }
      })
      await broker.publish(to, message('end', { key: 'k' }))
      const out = await take(await broker.subscribe(to, { from: 'earliest' }), 6)

      expect(texts(out)).toEqual([...numbers(5), 'end'])
      expect((await broker.lag!(from, group)).messages).toBe(0)
    },
  )
})
