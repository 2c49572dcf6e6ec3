import { connect } from 'amqplib'
import type { ChannelModel } from 'amqplib'
import { start } from '@millrace/harness'
import type { Broker, Delivery, Message, MillraceError, Subscription } from 'millrace'
import { isMillraceError, message, text } from 'millrace'
import { afterAll, afterEach, expect, test } from 'vitest'
import { rabbitmq } from '../src/index.ts'
import type { RabbitOptions } from '../src/index.ts'

const server = await start('rabbitmq', { fresh: true, secure: true })
afterAll(() => server.stop())

const opened: Broker[] = []
const clients: ChannelModel[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map(broker => broker.close({ timeout: 0 })))
  await Promise.all(clients.splice(0).map(client => client.close()))
})

function open(options: RabbitOptions = {}): Broker {
  const broker = rabbitmq({ url: server.url, ...options })
  opened.push(broker)
  return broker
}

/** The bare client, for what happens behind our back. */
async function bare(): Promise<ChannelModel> {
  const client = await connect(server.url)
  clients.push(client)
  return client
}

async function take(from: Subscription, count: number): Promise<Delivery[]> {
  const taken: Delivery[] = []
  while (taken.length < count) taken.push(await from.receive({ signal: AbortSignal.timeout(15_000) }))
  return taken
}

function numbered(count: number): Message[] {
  return Array.from({ length: count }, (_, i) => message(String(i)))
}

async function failureOf(work: Promise<unknown>): Promise<MillraceError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!isMillraceError(error)) throw new Error(`expected an error of ours, got ${String(error)}`)
  return error
}

test('a message that no queue takes is refused as NO_ROUTE, the others of its batch are not', async () => {
  const broker = open()
  await broker.declare('routed', { group: 'g' })

  const failed = await failureOf(broker.publish('nowhere', [message('a'), message('b')]))
  await broker.publish('routed', message('c'))

  expect(failed.code).toBe('PUBLISH_FAILED')
  expect(failed.failures.map(({ index, outcome, error }) => [index, outcome, (error as MillraceError).code])).toEqual([
    [0, 'refused', 'NO_ROUTE'],
    [1, 'refused', 'NO_ROUTE'],
  ])
})

test('a topic that was declared for no group may be published to while nobody listens', async () => {
  const broker = open()
  await broker.declare('announcements')

  await expect(broker.publish('announcements', message('to nobody'))).resolves.toBeUndefined()
})

test('dead letters wait in one queue, for whichever group reads them first', async () => {
  const broker = open()
  const orders = await broker.subscribe('mortal', { group: 'g' })
  await broker.publish('mortal', message('poison'))
  const [delivery] = await take(orders, 1)
  delivery!.reject({ reason: 'bad' })
  await orders.flush()

  const dead = await broker.subscribe('mortal.g.dead', { group: 'whoever', deadLetter: false })
  const [letter] = await take(dead, 1)
  letter!.ack()

  expect(text(letter!.message)).toBe('poison')
  expect(letter!.message.metadata['millrace-dead-error']).toContain('bad')
})

test('while the server is short of memory publishes wait, and go on when it is not', async () => {
  const broker = open()
  await broker.declare('blocked', { group: 'g' })
  await server.control('set_vm_memory_high_watermark', '0.0001')
  try {
    // The server says that it blocks a connection when that connection publishes.
    const first = broker.publish('blocked', message('first'), { timeout: 60_000 })
    first.catch(() => undefined)
    await refusedFor(broker)

    await server.control('set_vm_memory_high_watermark', '0.4')
    await first
    await broker.publish('blocked', message('later'))
  } finally {
    await server.control('set_vm_memory_high_watermark', '0.4')
  }
})

/** Publishes until one is refused for want of time: nothing of it was sent. */
async function refusedFor(broker: Broker): Promise<void> {
  for (;;) {
    const { failures } = await failureOf(broker.publish('blocked', message('too early'), { timeout: 200 }))
    expect(failures[0]?.error).toMatchObject({ code: 'TIMEOUT' })
    if (failures[0]?.outcome === 'refused') return
  }
}

test('classic queues hand out what has a higher priority first', async () => {
  const broker = open({ queues: 'classic', priorities: 10, prefix: 'classic' })
  await broker.declare('urgent', { group: 'g' })
  for (const priority of [0, 3, 9, 5]) await broker.publish('urgent', message(String(priority)), { priority })

  const got = await take(await broker.subscribe('urgent', { group: 'g', prefetch: 1 }), 1)
  got[0]!.ack()

  expect(text(got[0]!.message)).toBe('9')
})

test('all that waits on a classic queue comes by priority, and by age within one', async () => {
  const broker = open({ queues: 'classic', priorities: 10, prefix: 'classic' })
  await broker.declare('ranked', { group: 'g' })
  for (const [text, priority] of [
    ['a0', 0],
    ['b5', 5],
    ['c9', 9],
    ['d5', 5],
    ['e0', 0],
    ['f9', 9],
  ] as const)
    await broker.publish('ranked', message(text), { priority })

  const got = await readAll(await broker.subscribe('ranked', { group: 'g', prefetch: 1 }), 6)

  expect(got.map(one => text(one.message))).toEqual(['c9', 'f9', 'b5', 'd5', 'a0', 'e0'])
})

test('a priority is kept by a message that was nacked, and overtakes what waits', async () => {
  const broker = open({ queues: 'classic', priorities: 10, prefix: 'classic' })
  await broker.declare('retried', { group: 'g' })
  const subscription = await broker.subscribe('retried', { group: 'g', prefetch: 1 })
  await broker.publish('retried', message('urgent'), { priority: 9 })
  const [urgent] = await take(subscription, 1)
  await broker.publish('retried', numbered(3))

  urgent!.nack({ delay: 0 })
  await subscription.flush()
  const got = await readAll(subscription, 4)

  // At most one of the others was in hand already.
  expect(got.findIndex(one => text(one.message) === 'urgent')).toBeLessThanOrEqual(1)
  expect(got.find(one => text(one.message) === 'urgent')!.attempt).toBe(2)
})

test('what is acknowledged out of order is exactly what does not come again', async () => {
  const broker = open()
  const first = await broker.subscribe('exact', { group: 'g', prefetch: 100 })
  await broker.publish('exact', numbered(100))
  const deliveries = await take(first, 100)

  // From behind, every third stays open: also the first, so that nothing may be said about "all up to here".
  const open3 = (index: number): boolean => index % 3 === 0
  for (const [index, delivery] of [...deliveries.entries()].toReversed()) {
    if (!open3(index)) delivery.ack()
    if (index % 7 === 0) await first.flush()
  }
  await first.flush()
  await first.close({ timeout: 0 })
  const again = await readAll(await broker.subscribe('exact', { group: 'g' }), 34)

  expect(again.map(one => Number(text(one.message))).toSorted((a, b) => a - b)).toEqual(
    Array.from({ length: 100 }, (_, i) => i).filter(open3),
  )
  expect((await broker.lag!('exact', 'g')).messages).toBe(0)
})

test('what has expired while it waited never comes, with and without a delay before', async () => {
  const broker = open()
  await broker.declare('brief', { group: 'g' })
  await broker.publish('brief', message('gone'), { ttl: 1 })
  await broker.publish('brief', message('gone before it was due'), { delay: 60, ttl: 1 })
  await broker.publish('brief', message('lasting'), { ttl: 60_000 })
  await broker.publish('brief', message('later'), { delay: 100 })

  const got = await readAll(await broker.subscribe('brief', { group: 'g' }), 2)

  expect(got.map(one => text(one.message))).toEqual(['lasting', 'later'])
})

test('many messages nacked with different delays come back in the order of their delays', async () => {
  const broker = open()
  const subscription = await broker.subscribe('ladder', { group: 'g' })
  await broker.publish('ladder', numbered(6))
  const delays = [640, 80, 480, 160, 320, 0]

  const first = await take(subscription, 6)
  for (const [index, delivery] of first.entries()) delivery.nack({ delay: delays[index]! })
  const again = await readAll(subscription, 6)

  expect(again.map(one => delays[Number(text(one.message))])).toEqual(delays.toSorted((a, b) => a - b))
  expect(again.every(one => one.attempt === 2)).toBe(true)
})

test('the lag of a queue is what waits and what is in hand here; of a group that is not there it is an error', async () => {
  const broker = open()
  await broker.declare('behind', { group: 'g' })
  await broker.publish('behind', numbered(10))
  const subscription = await broker.subscribe('behind', { group: 'g', prefetch: 4 })
  await take(subscription, 4)

  expect(await broker.lag!('behind', 'g')).toEqual({ messages: 10 })
  expect((await failureOf(broker.lag!('behind', 'nobody'))).code).toBe('TOPOLOGY_MISMATCH')
})

test('priorities on quorum queues are a BAD_OPTION', () => {
  expect(() => open({ priorities: 3 })).toThrow('classic')
})

test('a queue that is there and differs is a TOPOLOGY_MISMATCH', async () => {
  await open().declare('settled', { group: 'g' })

  const error = await failureOf(open({ deliveryLimit: 7 }).declare('settled', { group: 'g' }))

  expect(error.code).toBe('TOPOLOGY_MISMATCH')
})

test("topology: 'check' makes nothing, and says what is not there", async () => {
  await open().open()

  const error = await failureOf(open({ topology: 'check' }).subscribe('unmade', { group: 'g' }))

  expect(error.code).toBe('TOPOLOGY_MISMATCH')
  expect(error.message).toContain('unmade')
})

test("topology: 'none' uses what is there without a word", async () => {
  const maker = open()
  await maker.declare('made', { group: 'g' })
  const broker = open({ topology: 'none' })
  const subscription = await broker.subscribe('made', { group: 'g', deadLetter: false })

  await broker.publish('made', message('x'))

  const [delivery] = await take(subscription, 1)
  expect(delivery!.ack()).toBe(true)
})

test('what a quorum queue has handed out too often is in the net, not gone', async () => {
  const broker = open({ deliveryLimit: 2, prefix: 'limited' })
  await broker.declare('hot', { group: 'g' })
  await broker.publish('hot', message('potato', { id: 'p-1' }))
  const client = await bare()
  const channel = await client.createChannel()
  let handedOut = 0

  await channel.consume('limited:g:hot', from => {
    handedOut++
    channel.nack(from!) // the queue is never deleted
  })
  const caught = await new Promise<string>(resolve => {
    void channel.consume('limited.net', from => resolve(String(from?.properties.headers?.['millrace-id'])), {
      noAck: true,
    })
  })

  expect(caught).toBe('p-1')
  expect(handedOut).toBe(3)
})

test('after crashes enough for five times its deliveries a message is buried as a killer', async () => {
  const broker = open()
  const options = { group: 'g', maxDeliveries: 1, deadLetter: 'killers.g.dead' }
  await broker.declare('killers', { group: 'g' })
  await broker.publish('killers', message('bang'))
  const client = await bare()
  // As a process that dies with it in hand: the channel ends, the message goes back and counts.
  for (let crash = 0; crash < 5; crash++) {
    const channel = await client.createChannel()
    await new Promise(resolve => void channel.consume('millrace:g:killers', resolve))
    await channel.close()
  }

  await broker.subscribe('killers', options)
  const dead = await broker.subscribe('killers.g.dead', { group: 'r', deadLetter: false })
  const [letter] = await take(dead, 1)
  letter!.ack()

  expect(letter!.message.metadata['millrace-dead-error']).toContain('handed out too often')
})

test('a release goes on being no failure when it happens more often than the queue would allow', async () => {
  const broker = open({ deliveryLimit: 25, prefix: 'released' })
  const subscription = await broker.subscribe('shy', { group: 'g', maxDeliveries: 100 })
  await broker.publish('shy', message('again'))

  for (let i = 0; i < 60; i++) {
    const [delivery] = await take(subscription, 1)
    expect(delivery!.attempt).toBe(1)
    delivery!.release()
  }
  const [last] = await take(subscription, 1)

  expect(last!.ack()).toBe(true)
})

test('different delays come in the order of their moments, not of their publishing', async () => {
  const broker = open()
  const subscription = await broker.subscribe('later', { group: 'g' })
  const began = performance.now()

  await Promise.all([700, 20, 350].map(delay => broker.publish('later', message(String(delay)), { delay })))
  const got: string[] = []
  for (const _ of [1, 2, 3]) {
    const [delivery] = await take(subscription, 1)
    delivery!.ack()
    got.push(text(delivery!.message))
    expect(performance.now() - began).toBeGreaterThanOrEqual(Number(got.at(-1)) - 5)
  }

  expect(got).toEqual(['20', '350', '700'])
})

test('a delayed message and a nacked one find their way under a pattern, and only there', async () => {
  const { pattern } = await import('millrace')
  const broker = open()
  const all = await broker.subscribe(pattern('deep.**'), {
    group: 'all',
    backoff: { base: 20, max: 20, jitter: 'none' },
  })
  const one = await broker.subscribe('deep.a', { group: 'one' })

  await broker.publish('deep.a', message('x'), { delay: 30 })
  const [first] = await take(all, 1)
  first!.nack()
  const [second] = await take(all, 1)
  second!.ack()
  const [alone] = await take(one, 1)
  alone!.ack()
  await broker.publish('deep.a', message('end'))
  const [end] = await take(one, 1)

  expect([first!.topic, second!.topic, alone!.topic]).toEqual(['deep.a', 'deep.a', 'deep.a'])
  expect([first!.attempt, second!.attempt, alone!.attempt]).toEqual([1, 2, 1])
  expect(text(end!.message)).toBe('end')
})

test('with a single active consumer one works in order, and the next takes over where it stopped', async () => {
  const broker = open({ singleActiveConsumer: true, prefix: 'single' })
  const first = await broker.subscribe('line', { group: 'g', prefetch: 4 })
  const second = await broker.subscribe('line', { group: 'g', prefetch: 4 })
  await broker.publish(
    'line',
    Array.from({ length: 20 }, (_, i) => message(String(i), { key: `k${i % 3}` })),
  )

  const head = await take(first, 4)
  expect(second.tryReceive()).toBeUndefined()
  for (const delivery of head) delivery.ack()
  await first.close({ timeout: 0 })
  const rest = await readAll(second, 16)

  expect([...head, ...rest].map(({ message: one }) => text(one))).toEqual(
    Array.from({ length: 20 }, (_, i) => String(i)),
  )
})

async function readAll(from: Subscription, count: number): Promise<Delivery[]> {
  const got: Delivery[] = []
  while (got.length < count) {
    const [delivery] = await take(from, 1)
    delivery!.ack()
    got.push(delivery!)
  }
  return got
}

test('with a single active consumer each key comes in order, when a consumer goes with messages in hand', async () => {
  const broker = open({ singleActiveConsumer: true, prefix: 'single' })
  const options = { group: 'g', prefetch: 8, backoff: { base: 5, max: 5, jitter: 'none' } } as const
  const [first, second] = [await broker.subscribe('keyed', options), await broker.subscribe('keyed', options)]
  await broker.publish(
    'keyed',
    numbered(30).map((one, i) => ({ ...one, key: `k${i % 3}` })),
  )
  const handled: string[] = []

  for (let i = 0; i < 10; i++) {
    const [delivery] = await take(first, 1)
    handled.push(text(delivery!.message))
    delivery!.ack()
  }
  const [held] = await take(first, 1)
  expect(held!.attempt).toBe(1)
  await first.close({ timeout: 0 })
  handled.push(...(await readAll(second, 20)).map(one => text(one.message)))

  for (const key of [0, 1, 2])
    expect(handled.filter(one => Number(one) % 3 === key)).toEqual(
      numbered(30)
        .map(one => text(one))
        .filter(one => Number(one) % 3 === key),
    )
})

test("preset 'fanout': every group and every listener gets all, and publishing to nobody is no error", async () => {
  const broker = open({ preset: 'fanout', prefix: 'fan' })
  await broker.publish('news', message('to nobody'))
  const subscriptions = [
    await broker.subscribe('news', { group: 'a' }),
    await broker.subscribe('news', { group: 'b' }),
    await broker.subscribe('news'),
  ]

  await broker.publish('news', message('to all'))
  const got = await Promise.all(subscriptions.map(one => readAll(one, 1)))

  expect(got.flat().map(one => [text(one.message), one.topic])).toEqual(Array(3).fill(['to all', 'news']))
})

test("preset 'work': one queue named as the topic, and one group", async () => {
  const broker = open({ preset: 'work', prefix: 'work' })
  const subscription = await broker.subscribe('jobs', { group: 'workers' })
  await broker.publish('jobs', message('job'), { delay: 30 })

  const [delivery] = await readAll(subscription, 1)
  const refused = await failureOf(broker.subscribe('jobs', { group: 'others' }))

  expect(delivery!.origin['queue']).toBe('jobs')
  expect(refused.code).toBe('UNSUPPORTED')
})

test('it speaks TLS, and a password that is wrong is AUTH without the password in it', async () => {
  const { url, ca } = server.secure! // started with secure
  const broker = open({ url, connect: { ca } })
  await broker.open()
  const wrong = open({ url: server.url.replace('guest:guest', 'guest:not-this-one') })

  const error = await failureOf(wrong.open())

  expect(broker.health().state).toBe('up')
  expect(error.code).toBe('AUTH')
  expect(`${error.stack} ${String(error.cause)}`).not.toContain('not-this-one')
})

test("a client of one's own is used, and left open", async () => {
  const client = await bare()
  const broker = rabbitmq({ client })
  await broker.declare('borrowed', { group: 'g' })
  await broker.close()

  const channel = await client.createChannel()

  expect((await channel.checkQueue('millrace:g:borrowed')).queue).toBe('millrace:g:borrowed')
})

test('a queue that is deleted under its consumer is made again, and the same subscription goes on', async () => {
  const broker = open()
  const subscription = await broker.subscribe('shifting', { group: 'g' })
  const up = new Promise(resolve => subscription.on('up', resolve))
  const client = await bare()
  const channel = await client.createChannel()

  await channel.deleteQueue('millrace:g:shifting')
  await up
  await broker.publish('shifting', message('after'))

  expect(text((await readAll(subscription, 1))[0]!.message)).toBe('after')
})

/** The messages at which a fault begins. */
const [CUT, RESET, SILENCE] = [100, 200, 300]
const FAULTS = [CUT, RESET, SILENCE]

test('through cuts, resets and a dead line nothing that was accepted is lost', async () => {
  const proxy = await server.proxy()
  const broker = open({ url: `${proxy.through(server.url)}?heartbeat=1`, reconnect: { base: 20, max: 100 } })
  const subscription = await broker.subscribe('rough', { group: 'g' })
  const sent = Array.from({ length: 600 }, (_, i) => message(String(i)))
  const missing = new Set(sent.map(one => one.id))
  const reading = (async () => {
    while (missing.size > 0) {
      const [delivery] = await take(subscription, 1)
      delivery!.ack()
      missing.delete(delivery!.message.id)
    }
  })()

  for (let i = 0; i < sent.length; i += 20) {
    const batch = publishAll(broker, sent.slice(i, i + 20))
    if (FAULTS.includes(i)) {
      const [down, up] = [once(subscription, 'down'), once(subscription, 'up')]
      if (i === CUT) proxy.cut()
      if (i === RESET) proxy.cut('reset')
      if (i === SILENCE) proxy.silence()
      await down // of silence, by the missing heartbeats alone
      proxy.heal()
      await up
    }
    await batch
  }
  await reading

  expect(missing.size).toBe(0)
  await proxy.close()
})

test('a link that breaks in the middle of a goodbye does not make it last', async () => {
  const proxy = await server.proxy()
  const broker = open({ url: proxy.through(server.url) })
  await broker.subscribe('parting', { group: 'g' })

  // The client has not heard of it yet: it says goodbye on a broken link.
  await proxy.close()
  await broker.close({ timeout: 0 })

  expect(broker.health().state).toBe('closed')
})

function once(subscription: Subscription, event: 'up' | 'down'): Promise<unknown> {
  return new Promise(resolve => subscription.on(event, resolve))
}

async function publishAll(broker: Broker, messages: readonly ReturnType<typeof message>[]): Promise<void> {
  for (let left = messages; left.length > 0;) {
    const all = left
    left = await broker.publish('rough', all).then(
      () => [],
      (error: unknown) => (error as MillraceError).failures.map(({ index }) => all[index]!), // a failure's index is in its batch
    )
  }
}
