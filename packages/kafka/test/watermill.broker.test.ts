import { HarnessError, start, watermillConsume, watermillPublish } from '@millrace/harness'
import type { RunningServer } from '@millrace/harness'
import { message } from 'millrace'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { kafka } from '../src/index.ts'

let server: RunningServer
beforeAll(async () => {
  server = await start('kafka', { fresh: true })
})
afterAll(() => server.stop())

test(
  'what Watermill publishes is read, and what is published for Watermill it reads',
  { timeout: 300_000 },
  async context => {
    const broker = kafka({
      url: server.url,
      wire: 'watermill',
      partitions: 1,
      sessionTimeout: 6_000,
      heartbeatInterval: 300,
    })
    const theirs = { uuid: '6fe15611-0000-4000-8000-000000000001', metadata: { correlation_id: 'c-1' }, payload: Buffer.from('theirs') } // prettier-ignore
    const ours = message('ours', { metadata: { correlation_id: 'c-2' } })
    const subscription = await broker.subscribe('from-watermill', { group: 'g' })
    await broker.declare('to-watermill')

    const missing: unknown = await watermillPublish({ url: server.url, topic: 'from-watermill' }, [theirs]).then(
      () => undefined,
      (error: unknown) => error,
    )
    if (missing instanceof HarnessError && missing.code === 'NOT_AVAILABLE') context.skip(missing.message)
    if (missing !== undefined) throw missing
    const read = await subscription.receive()
    read.ack()
    const reading = await watermillConsume({ url: server.url, topic: 'to-watermill', group: 'w' }, { count: 1 })
    await broker.publish('to-watermill', ours)
    const [there] = await reading.messages

    expect(read.message).toMatchObject({ id: theirs.uuid, metadata: theirs.metadata, payload: theirs.payload })
    expect(there).toMatchObject({ uuid: ours.id, metadata: ours.metadata, payload: Buffer.from('ours') })
    await broker.close({ timeout: 0 })
  },
)
