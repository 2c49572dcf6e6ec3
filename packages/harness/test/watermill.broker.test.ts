import { expect, test } from 'vitest'
import { start, watermillConsume, watermillPublish } from '../src/index.ts'
import { findProgram } from '../src/run-command.ts'

const go = await findProgram('go')
const why = go ? '' : ' (skipped: Watermill is built with Go, which is not on this machine)'

test.skipIf(!go).each(['kafka', 'rabbitmq', 'nats'] as const)(
  `Watermill publishes to %s and takes what it published, metadata and all${why}`,
  async name => {
    await using server = await start(name, { fresh: true })
    const at = { url: server.url, topic: 'wire', group: 'peers' }
    const sent = [
      { uuid: 'one', metadata: { k: 'v é' }, payload: Buffer.from([0, 255, 1]) },
      { uuid: 'two', metadata: {}, payload: Buffer.alloc(0) },
    ]

    await watermillPublish({ ...at, create: true }, sent)
    const taking = await watermillConsume(at, { count: 2 })

    expect(await taking.messages).toEqual(sent)
    const empty = { ...at, topic: 'empty', create: true }
    await expect(watermillConsume(empty, { count: 1, timeout: 300 }).then(none => none.messages)).rejects.toMatchObject(
      {
        code: 'PROTOCOL',
        message: expect.stringContaining('0 of 1 messages'),
      },
    )
  },
  120_000,
)

test.skipIf(!go)(
  `Watermill uses an exchange and a queue of RabbitMQ that others have declared as they are${why}`,
  async () => {
    await using server = await start('rabbitmq', { fresh: true })
    const one = { uuid: 'one', metadata: {}, payload: Buffer.from('x') }
    const declared = { url: server.url, topic: 'wire', pubsub: true, group: 'peers', create: true }
    await watermillPublish(declared, [])

    await watermillPublish({ url: server.url, topic: 'key', existing: { exchange: 'wire' } }, [one])
    const taking = await watermillConsume(
      { url: server.url, topic: 'any', existing: { queue: 'wire_peers' } },
      { count: 1 },
    )

    expect(await taking.messages).toEqual([one])
  },
  60_000,
)
