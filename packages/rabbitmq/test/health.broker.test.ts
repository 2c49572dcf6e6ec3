import { start } from '@millrace/harness'
import type { RunningServer } from '@millrace/harness'
import { connect } from 'amqplib'
import { message } from 'millrace'
import type { Broker } from 'millrace'
import { newId } from 'millrace/adapter'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { rabbitmq } from '../src/index.ts'
import type { RabbitOptions } from '../src/index.ts'

let server: RunningServer
beforeAll(async () => {
  server = await start('rabbitmq', { fresh: true })
}, 120_000)
afterAll(() => server.stop())

const opened: Broker[] = []
/** A broker that only publishes. */
async function publisher(options: Partial<RabbitOptions> = {}): Promise<Broker> {
  const broker = rabbitmq({ url: server.url, prefix: `t-${newId().slice(-12)}`, reconnect: () => 50, ...options })
  opened.push(broker)
  await broker.declare('t', { group: 'g' })
  await broker.publish('t', message('x'))
  expect(broker.health().state).toBe('up')
  return broker
}
afterEach(async () => {
  await Promise.all(opened.splice(0).map(broker => broker.close({ timeout: 0 })))
})

test('health says down when heartbeats are missed, though nobody publishes or subscribes, and up afterwards', async () => {
  const proxy = await server.proxy()
  const broker = await publisher({ url: `${proxy.through(server.url)}?heartbeat=1` })

  proxy.silence()
  await expect.poll(() => broker.health().state, { timeout: 10_000 }).toBe('down')
  expect(broker.health().lastError).toMatchObject({ code: 'DISCONNECTED' })

  proxy.heal()
  await expect.poll(() => broker.health().state, { timeout: 15_000 }).toBe('up')
  await broker.close({ timeout: 0 })
  await proxy.close()
})

test('a subscribe that is aborted over a silent link ends', async () => {
  const proxy = await server.proxy()
  const broker = await publisher({ url: proxy.through(server.url) })
  proxy.silence()

  const begun = performance.now()
  const subscribing = broker.subscribe('t', { group: 'g', signal: AbortSignal.timeout(200) })

  await expect(subscribing).rejects.toMatchObject({ code: 'ABORTED' })
  expect(performance.now() - begun).toBeLessThan(3_000)
  await broker.close({ timeout: 0 })
  await proxy.close()
})

test('a publishing channel that the server ended is opened again before the next publish', async () => {
  const prefix = `t-${newId().slice(-12)}`
  const broker = await publisher({ prefix })
  const client = await connect(server.url)
  const channel = await client.createChannel()
  await channel.deleteExchange(prefix)

  await expect(broker.publish('t', message('nowhere'))).rejects.toMatchObject({ code: 'PUBLISH_FAILED' })
  const stands = async (): Promise<boolean> => {
    const asking = await client.createChannel()
    asking.on('error', () => undefined) // the server's no
    return asking.checkExchange(prefix).then(
      () => true,
      () => false,
    )
  }
  await expect.poll(stands).toBe(true)
  await expect.poll(() => broker.health().state).toBe('up')

  await client.close()
})

test('health says down when the server is killed, and up when it is back', { timeout: 120_000 }, async () => {
  const broker = await publisher()

  await server.kill()
  await expect.poll(() => broker.health().state, { timeout: 5_000 }).toBe('down')

  await server.restart()
  await expect.poll(() => broker.health().state, { timeout: 60_000 }).toBe('up')
})
