import { start } from '@millrace/harness'
import { mqtt as adapter } from '@millrace/mqtt'
import { connect, connectAsync } from 'mqtt'
import type { IClientOptions } from 'mqtt'
import { newId } from 'millrace/adapter'
import { Drain, pipelined } from './contender.ts'
import type { Backend } from './contender.ts'

/** MQTT 5 at QoS 1, sessions that outlive their connections. */
export const mqtt: Backend = {
  name: 'mqtt',
  settings: 'QoS 1, persistent session',
  counts: { single: 500, publish: 20_000, consume: 20_000 },
  async open() {
    // Its own limit is 20 in flight.
    const server = await start('mosquitto', { fresh: true, config: ['max_inflight_messages 256'] })
    const broker = adapter({ url: server.url })
    const dial = (options: IClientOptions = {}) => connectAsync(server.url, { protocolVersion: 5, ...options })
    const publisher = await dial()
    const session = (topic: string, receiveMaximum: number): IClientOptions => ({
      clientId: topic,
      clean: false,
      properties: { sessionExpiryInterval: 3600, receiveMaximum },
    })
    return {
      url: server.url,
      broker,
      bare: {
        async prepare(topic) {
          const subscriber = await dial(session(topic, 1))
          // In a group, as ours is.
          await subscriber.subscribeAsync(`$share/bench/bare/${topic}`, { qos: 1 })
          await subscriber.endAsync()
        },
        publish: (topic, payload, messages, window) =>
          pipelined(
            messages,
            window,
            () =>
              new Promise<void>((resolve, reject) => {
                // What Millrace sends too: an id and a time.
                const userProperties = { 'millrace-id': newId(), 'millrace-time': String(Date.now()) }
                publisher.publish(`bare/${topic}`, payload, { qos: 1, properties: { userProperties } }, error =>
                  error ? reject(error) : resolve(),
                )
              }),
          ),
        async consume(topic, messages, window) {
          const drain = new Drain(messages)
          const options = { protocolVersion: 5, resubscribe: false, ...session(topic, window) } as const
          // Listens at once: a session that is there sends what it has before the client says that it is connected.
          const subscriber = connect(server.url, options).on('message', () => {
            // The client acknowledges when its listeners are done.
            if (drain.came()) process.nextTick(() => drain.last())
          })
          const took = await drain.done
          await subscriber.endAsync()
          return took
        },
      },
      async close() {
        await broker.close({ timeout: 0 })
        await publisher.endAsync()
        await server.stop()
      },
    }
  },
}
