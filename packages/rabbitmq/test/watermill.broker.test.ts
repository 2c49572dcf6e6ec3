import { start, watermillConsume, watermillPublish } from '@millrace/harness'
import type { WatermillMessage } from '@millrace/harness'
import type { Broker, Message, Subscription } from 'millrace'
import { message } from 'millrace'
import { afterAll, expect, test } from 'vitest'
import { rabbitmq } from '../src/index.ts'

const server = await start('rabbitmq', { fresh: true })
const opened: Broker[] = []
afterAll(async () => {
  await Promise.all(opened.map(broker => broker.close({ timeout: 0 })))
  await server.stop()
})

function open(preset: 'work' | 'fanout'): Broker {
  const broker = rabbitmq({ url: server.url, preset, queues: 'classic', wire: 'watermill', prefix: `wm-${preset}` })
  opened.push(broker)
  return broker
}

const THEIRS: WatermillMessage = {
  uuid: '6f1e9a52-0000-4000-8000-000000000001',
  metadata: { correlation_id: 'c-1', k: 'v é' },
  payload: Buffer.from('{"a":1}'),
}
const OURS = message('{"b":2}', { id: 'our-1', metadata: { correlation_id: 'c-2', k: 'w ü' } })

async function read(from: Subscription): Promise<Message> {
  const delivery = await from.receive({ signal: AbortSignal.timeout(30_000) })
  delivery.ack()
  return delivery.message
}

function expectTheirs(got: Message): void {
  expect([got.id, got.metadata, Buffer.from(got.payload).toString()]).toEqual([THEIRS.uuid, THEIRS.metadata, '{"a":1}'])
}

function expectOurs([got]: readonly WatermillMessage[]): void {
  expect([got?.uuid, got?.metadata, Buffer.from(got!.payload).toString()]).toEqual(['our-1', OURS.metadata, '{"b":2}'])
}

test("Watermill's durable queue is the preset 'work' on classic queues, both ways", async () => {
  const broker = open('work')
  const subscription = await broker.subscribe('wm-jobs', { group: 'workers' })
  await watermillPublish({ url: server.url, topic: 'wm-jobs' }, [THEIRS])
  expectTheirs(await read(subscription))
  await subscription.close()

  const { messages } = await watermillConsume({ url: server.url, topic: 'wm-jobs' }, { count: 1 })
  await broker.publish('wm-jobs', OURS)

  expectOurs(await messages)
})

test("Watermill's durable pub/sub is the preset 'fanout' on classic queues, both ways", async () => {
  const broker = open('fanout')
  const subscription = await broker.subscribe('wm-news', { group: 'ours' })
  const { messages } = await watermillConsume(
    { url: server.url, topic: 'wm-news', group: 'theirs', pubsub: true },
    { count: 1 },
  )

  await broker.publish('wm-news', OURS)
  expectOurs(await messages)
  expect((await read(subscription)).id).toBe('our-1')
  await watermillPublish({ url: server.url, topic: 'wm-news', pubsub: true }, [THEIRS])

  expectTheirs(await read(subscription))
})
