import { start } from '@millrace/harness'
import { connect } from 'amqplib'
import type { Broker, Delivery, Message, Subscription } from 'millrace'
import { isMillraceError, message, text } from 'millrace'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { rabbitmq } from '../src/index.ts'
import type { RabbitOptions } from '../src/index.ts'

const servers = await Promise.all(['4.0', '3.10'].map(version => start('rabbitmq', { version, fresh: true })))
afterAll(() => Promise.all(servers.map(server => server.stop())))

const opened: Broker[] = []
afterEach(() => Promise.all(opened.splice(0).map(broker => broker.close({ timeout: 0 }))))

function numbered(count: number, from = 0): Message[] {
  return Array.from({ length: count }, (_, i) => message(String(from + i)))
}

async function read(from: Subscription, count: number): Promise<string[]> {
  const got: string[] = []
  while (got.length < count) {
    const delivery = await from.receive({ signal: AbortSignal.timeout(15_000) })
    delivery.ack()
    got.push(text(delivery.message))
  }
  return got
}

async function take(from: Subscription, count: number): Promise<Delivery[]> {
  const taken: Delivery[] = []
  while (taken.length < count) taken.push(await from.receive({ signal: AbortSignal.timeout(15_000) }))
  return taken
}

async function untilAccepted(broker: Broker, one: Message): Promise<void> {
  for (;;)
    try {
      return await broker.publish('killed', one)
    } catch (error) {
      // Right after a restart bindings may come later than connections.
      if (!isMillraceError(error, 'PUBLISH_FAILED')) throw error
    }
}

const full = process.env['MILLRACE_FULL'] !== undefined
const words = (count: number, from = 0): string[] => numbered(count, from).map(one => text(one))

describe.each(servers)('streams of RabbitMQ $version', server => {
  function open(options: RabbitOptions = {}): Broker {
    const broker = rabbitmq({ url: server.url, queues: 'stream', ...options })
    opened.push(broker)
    return broker
  }

  async function remove(stream: string): Promise<void> {
    const client = await connect(server.url)
    await (await client.createChannel()).deleteQueue(stream)
    await client.close()
  }

  test('a stream keeps what brokers with queues publish to its topic, beside their groups', async () => {
    const [streams, queues] = [open(), open({ queues: 'quorum' })]
    await streams.declare('both')
    const group = await queues.subscribe('both', { group: 'g' })

    await queues.publish('both', numbered(5))

    expect(await read(group, 5)).toEqual(words(5))
    expect(await read(await streams.subscribe('both', { from: 'earliest' }), 5)).toEqual(words(5))
  })

  test('what was published to a stream while the link was down is read when it is up, and nothing twice', async () => {
    const proxy = await server.proxy()
    const reader = await open({ url: proxy.through(server.url), reconnect: { base: 20, max: 100 } }).subscribe('away')
    const gaps: unknown[] = []
    reader.on('gap', event => gaps.push(event))
    const writer = open()
    await writer.publish('away', numbered(3))
    expect(await read(reader, 3)).toEqual(words(3))
    const [down, up] = [once(reader, 'down'), once(reader, 'up')]

    proxy.refuse()
    await down
    await writer.publish('away', numbered(3, 3))
    proxy.heal()
    await up
    await writer.publish('away', numbered(1, 6))

    expect(await read(reader, 4)).toEqual(words(4, 3))
    expect(gaps).toEqual([])
    await proxy.close()
  })

  test('a reader to whom nothing had come before the link went down misses nothing either', async () => {
    const proxy = await server.proxy()
    const reader = await open({ url: proxy.through(server.url), reconnect: { base: 20, max: 100 } }).subscribe('idle')
    const [down, up] = [once(reader, 'down'), once(reader, 'up')]

    proxy.refuse()
    await down
    await open().publish('idle', numbered(3))
    proxy.heal()
    await up

    expect(await read(reader, 3)).toEqual(words(3))
    await proxy.close()
  })

  test('the position of a subscription to two streams leads on in both, and only behind what is settled', async () => {
    const broker = open()
    const topics = ['pair.a', 'pair.b']
    for (const topic of topics) await broker.declare(topic)
    await broker.publish('pair.a', numbered(4))
    await broker.publish('pair.b', numbered(4, 10))
    const first = await broker.subscribe(topics, { from: 'earliest' })
    // All but 1 of pair.a are acknowledged: its place stays before 1.
    for (const delivery of await take(first, 8)) if (text(delivery.message) !== '1') delivery.ack()
    await first.flush()

    const next = await broker.subscribe(topics, { from: { after: first.position()! } })

    expect(first.position()).toBe('pair.a:0,pair.b:3')
    expect((await read(next, 3)).toSorted()).toEqual(['1', '2', '3'])
    expect(next.tryReceive()).toBeUndefined()
  })

  test('what a reader of a stream releases comes to it again, before what is behind it', async () => {
    const broker = open()
    await broker.declare('given-back')
    await broker.publish('given-back', numbered(3))
    const reader = await broker.subscribe('given-back', { from: 'earliest', prefetch: 1 })

    const [first] = await take(reader, 1)
    first!.release()
    const [again] = await take(reader, 1)
    again!.ack()

    expect([text(again!.message), again!.attempt, again!.redelivered]).toEqual(['0', 1, true])
    expect(await read(reader, 2)).toEqual(['1', '2'])
  })

  test('a reader reads all that twenty publishers wrote around two SIGKILLs of the server', async ({ skip }) => {
    skip(server.version.startsWith('3.'), 'a stream of 3.10 may confirm nothing more after a SIGKILL of its server')
    const writer = open({ reconnect: { base: 20, max: 200 } })
    const reader = await open({ reconnect: { base: 20, max: 200 } }).subscribe('killed')
    const gaps: unknown[] = []
    reader.on('gap', event => gaps.push(event))
    const sent = numbered(full ? 10_000 : 1_000)
    const missing = new Set(sent.map(one => one.id))
    // What the server writes down at intervals is written now: see the README's limits.
    await server.control('eval', '[dets:sync(Table) || Table <- dets:all()].')

    let next = 0
    let restarting = Promise.resolve()
    const work = async (): Promise<void> => {
      for (let index = next++; index < sent.length; index = next++) {
        if ([Math.floor(sent.length / 3), Math.floor(sent.length / 2)].includes(index))
          restarting = restarting.then(() => server.restart({ signal: 'SIGKILL' }))
        await untilAccepted(writer, sent[index]!) // index < length
      }
    }
    const reading = async (): Promise<void> => {
      while (missing.size > 0) {
        const delivery = await reader.receive({ signal: AbortSignal.timeout(40_000) })
        delivery.ack()
        missing.delete(delivery.message.id)
      }
    }
    await Promise.all([reading(), ...Array.from({ length: 20 }, work)])
    await restarting

    expect(missing.size).toBe(0)
    expect(gaps).toEqual([])
  })

  test('a stream keeps what it was told to, and who comes back too late hears of a gap', async () => {
    const keeping: RabbitOptions = { prefix: 'short', retain: { bytes: 4_000 } }
    const proxy = await server.proxy()
    const url = proxy.through(server.url)
    const reader = await open({ ...keeping, url, reconnect: { base: 20, max: 100 } }).subscribe('forgetful')
    const writer = open(keeping)
    await writer.publish('forgetful', message('first'))
    await read(reader, 1)
    const [down, gap] = [once(reader, 'down'), once(reader, 'gap')]

    proxy.refuse()
    await down
    for (let i = 0; i < 60; i++) await writer.publish('forgetful', message(new Uint8Array(500)))
    proxy.heal()
    const [next] = await take(reader, 1)

    expect(await gap).toMatchObject({ reason: expect.stringContaining('no longer has offsets 1 to') as string })
    expect(Number(next!.position)).toBeGreaterThan(1)
    await proxy.close()
  })

  test('who comes back to a shorter stream of the same name hears of a gap, and reads all of it', async () => {
    const proxy = await server.proxy()
    const reader = await open({ url: proxy.through(server.url), reconnect: { base: 20, max: 100 } }).subscribe(
      'shorter',
    )
    const writer = open()
    await writer.publish('shorter', numbered(5))
    expect(await read(reader, 5)).toEqual(words(5))
    const [down, gap] = [once(reader, 'down'), once(reader, 'gap')]

    proxy.refuse()
    await down
    await remove('millrace/shorter')
    await writer.declare('shorter')
    await writer.publish('shorter', numbered(2, 5))
    proxy.heal()

    expect(await gap).toMatchObject({ reason: expect.stringContaining('ends before offset 5') as string })
    await writer.publish('shorter', numbered(2, 7))
    expect(await read(reader, 4)).toEqual(words(4, 5))
    await reader.flush()
    expect(reader.position()).toBe('3')
    await proxy.close()
  })

  test('the reader of a stream that is deleted hears of a gap, and reads the next of that name', async () => {
    const broker = open({ reconnect: { base: 20, max: 100 } })
    const reader = await broker.subscribe('deleted')
    await broker.publish('deleted', numbered(5))
    expect(await read(reader, 5)).toEqual(words(5))
    const [gap, up] = [once(reader, 'gap'), once(reader, 'up')]

    await remove('millrace/deleted')
    expect(await gap).toMatchObject({ reason: expect.stringContaining("the stream of 'deleted' has gone") as string })
    await up
    await broker.publish('deleted', numbered(2, 5))

    expect(await read(reader, 2)).toEqual(words(2, 5))
  })

  test('a stream that is there and keeps something else is a TOPOLOGY_MISMATCH', async () => {
    await open().declare('kept')

    await expect(open({ retain: { bytes: 1_000_000, age: 60_000 } }).declare('kept')).rejects.toMatchObject({
      code: 'TOPOLOGY_MISMATCH',
    })
  })
})

function once(subscription: Subscription, event: 'up' | 'down' | 'gap'): Promise<unknown> {
  return new Promise(resolve => subscription.on(event, resolve))
}
