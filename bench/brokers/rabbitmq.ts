import { start } from '@millrace/harness'
import { rabbitmq as adapter } from '@millrace/rabbitmq'
import { connect } from 'amqplib'
import { newId } from 'millrace/adapter'
import { Drain, pipelined } from './contender.ts'
import type { Backend } from './contender.ts'

const EXCHANGE = 'bare'

/** RabbitMQ: durable queues, persistent messages, every publish confirmed and mandatory. */
function backend(queues: 'quorum' | 'classic', watermill?: Backend['watermill']): Backend {
  return {
    name: `rabbitmq-${queues}`,
    settings: `durable ${queues} queues, persistent, confirms`,
    counts: { single: 300, publish: 20_000, consume: 20_000 },
    ...(watermill && { watermill }),
    async open() {
      const server = await start('rabbitmq', { fresh: true })
      const client = await connect(server.url, { noDelay: true })
      const publisher = await client.createConfirmChannel()
      await publisher.assertExchange(EXCHANGE, 'topic', { durable: true })
      const broker = adapter({ url: server.url, queues })
      return {
        url: server.url,
        broker,
        bare: {
          async prepare(topic) {
            await publisher.assertQueue(topic, { durable: true, arguments: { 'x-queue-type': queues } })
            await publisher.bindQueue(topic, EXCHANGE, topic)
          },
          publish: (topic, payload, messages, window) =>
            pipelined(
              messages,
              window,
              () =>
                new Promise<void>((resolve, reject) => {
                  // What Millrace sends too: an id and a time.
                  const headers = { 'millrace-id': newId(), 'millrace-time': String(Date.now()) }
                  const options = { headers, deliveryMode: 2, mandatory: true }
                  publisher.publish(EXCHANGE, topic, payload, options, (error: unknown) =>
                    error ? reject(error as Error) : resolve(),
                  )
                }),
            ),
          async consume(topic, messages, window) {
            const channel = await client.createChannel()
            await channel.prefetch(window)
            const drain = new Drain(messages)
            await channel.consume(topic, one => {
              if (one === null) return
              const isLast = drain.came()
              channel.ack(one)
              if (isLast) drain.last()
            })
            const took = await drain.done
            await channel.close()
            return took
          },
        },
        async close() {
          await broker.close({ timeout: 0 })
          await client.close()
          await server.stop()
        },
      }
    },
  }
}

/** What Millrace uses unless asked otherwise. */
export const quorum: Backend = backend('quorum')

/** What Watermill uses, whose release for this has no confirms: it does not know what the server has. */
export const classic: Backend = backend('classic', {
  publish: [
    { name: 'Watermill, default (no confirms), 1 publisher', flags: ['-workers', '1'] },
    { name: 'Watermill, no confirms, 16 publishers', flags: ['-workers', '16'] },
  ],
  consume: [
    { name: 'Watermill, default, prefetch 1', flags: ['-messages', '4000'] },
    { name: 'Watermill, prefetch 1000', flags: ['-prefetch', '1000', '-messages', '10000'] },
  ],
})
