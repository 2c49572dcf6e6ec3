import { start } from '@millrace/harness'
import { jetstream } from '@millrace/nats'
import { AckPolicy, jetstream as client, jetstreamManager } from '@nats-io/jetstream'
import { connect, headers } from '@nats-io/transport-node'
import { newId } from 'millrace/adapter'
import { Drain, pipelined } from './contender.ts'
import type { Backend } from './contender.ts'

/** JetStream: file storage, every publish answered, every ack confirmed by the server. */
export const nats: Backend = {
  name: 'jetstream',
  settings: 'file storage, acks confirmed',
  counts: { single: 300, publish: 20_000, consume: 20_000 },
  watermill: {
    publish: [
      { name: 'Watermill, default, 1 publisher', flags: ['-workers', '1'] },
      { name: 'Watermill, 16 publishers', flags: ['-workers', '16'] },
    ],
    consume: [
      { name: 'Watermill, default, 1 subscriber', flags: ['-workers', '1', '-messages', '6000'] },
      { name: 'Watermill, 4 subscribers', flags: ['-workers', '4', '-messages', '10000'] },
    ],
  },
  async open() {
    const server = await start('nats', { fresh: true })
    const nc = await connect({ servers: server.url.replace('nats://', '') })
    const js = client(nc)
    const manager = await jetstreamManager(nc)
    await manager.streams.add({ name: 'bare', subjects: ['bare.>'] })
    const broker = jetstream({ url: server.url })
    return {
      url: server.url,
      broker,
      bare: {
        async prepare(topic) {
          await manager.consumers.add('bare', {
            durable_name: topic,
            filter_subject: `bare.${topic}`,
            ack_policy: AckPolicy.Explicit,
            max_ack_pending: -1,
          })
        },
        async publish(topic, payload, messages, window) {
          await pipelined(messages, window, () => {
            // What Millrace sends too: an id and a time.
            const own = headers()
            own.append('id', newId())
            own.append('time', String(Date.now()))
            return js.publish(`bare.${topic}`, payload, { headers: own, msgID: newId() })
          })
        },
        async consume(topic, messages, window) {
          const consumer = await js.consumers.get('bare', topic)
          const taken = await consumer.consume({ max_messages: window })
          const acks: Promise<unknown>[] = []
          const drain = new Drain(messages)
          for await (const one of taken) {
            const isLast = drain.came()
            if (window === 1) await one.ackAck()
            else acks.push(one.ackAck())
            if (isLast) break
          }
          await Promise.all(acks)
          drain.last()
          await taken.close()
          return drain.done
        },
      },
      async close() {
        await broker.close({ timeout: 0 })
        await nc.close()
        await server.stop()
      },
    }
  },
}
