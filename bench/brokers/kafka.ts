import { start } from '@millrace/harness'
import { kafka as adapter } from '@millrace/kafka'
import { Admin, Consumer, MessagesStreamModes, Producer } from '@platformatic/kafka'
import { newId } from 'millrace/adapter'
import { Drain, pipelined } from './contender.ts'
import type { Backend } from './contender.ts'

/** Kafka: one partition, idempotent producer, all in-sync replicas, offsets committed. */
export const kafka: Backend = {
  name: 'kafka',
  settings: '1 partition, acks=all, idempotent',
  counts: { single: 200, publish: 20_000, consume: 100_000 },
  watermill: {
    publish: [
      { name: 'Watermill, default (acks=1), 1 publisher', flags: ['-workers', '1'] },
      { name: 'Watermill, acks=all, 16 publishers', flags: ['-workers', '16', '-setting', 'all'] },
    ],
    consume: [{ name: 'Watermill, default, 1 subscriber', flags: ['-workers', '1', '-messages', '50000'] }],
  },
  async open() {
    const server = await start('kafka', { fresh: true })
    const base = { clientId: 'bare', bootstrapBrokers: [server.url.replace('kafka://', '')], retryDelay: 100 }
    const admin = new Admin(base)
    const producer = new Producer({ ...base, idempotent: true })
    const broker = adapter({ url: server.url, partitions: 1 })
    return {
      url: server.url,
      broker,
      bare: {
        async prepare(topic) {
          await admin.createTopics({ topics: [topic], partitions: 1, replicas: 1 })
        },
        publish: (topic, value, messages, window) =>
          pipelined(messages, window, () => producer.send({ messages: [record(topic, value)] })),
        batches: (topic, value, messages, size) =>
          pipelined(Math.ceil(messages / size), 1, () =>
            producer.send({ messages: Array.from({ length: size }, () => record(topic, value)) }),
          ),
        async consume(topic, messages, window) {
          const consumer = new Consumer({ ...base, groupId: newId() })
          // By itself this client commits what it has handed to its own buffer, handled or not: here what is handled.
          const stream = await consumer.consume({
            topics: [topic],
            mode: MessagesStreamModes.EARLIEST,
            autocommit: false,
            highWaterMark: Math.max(2, window),
            maxWaitTime: 500,
            maxBytes: 8 * 1024 * 1024,
            maxBytesPerPartition: 1024 * 1024,
          })
          const drain = new Drain(messages)
          const commits: unknown[] = []
          let handled = 0
          for await (const one of stream) {
            const isLast = drain.came()
            if (window === 1) await one.commit()
            else if (++handled % window === 0 || isLast) commits.push(one.commit())
            if (!isLast) continue
            await Promise.all(commits) // leaving the loop ends the stream
            drain.last()
            break
          }
          await stream.close()
          await consumer.close(true)
          return drain.done
        },
      },
      async close() {
        await broker.close({ timeout: 0 })
        await producer.close(true)
        await admin.close()
        await server.stop()
      },
    }
  },
}

const ID = Buffer.from('millrace-id')

/** With what Millrace sends too: an id and a time. */
function record(topic: string, value: Buffer): never {
  const headers = new Map([[ID, Buffer.from(newId())]])
  // The client's types want strings, as its default serializers do; it takes buffers.
  return { topic, partition: 0, value, headers, timestamp: BigInt(Date.now()) } as never
}
