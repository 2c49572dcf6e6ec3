import { start } from '@millrace/harness'
import { message } from 'millrace'
import type { Broker } from 'millrace'
import { newId } from 'millrace/adapter'
import { connectAsync } from 'mqtt'
import { afterAll, afterEach, expect, test, vi } from 'vitest'
import { mqtt } from '../src/index.ts'
import type { MqttOptions } from '../src/index.ts'
import { Places } from '../src/places.ts'

const server = await start('mosquitto', { fresh: true })
afterAll(() => server.stop())

const opened: Broker[] = []
/** A broker that only publishes. */
async function publisher(options: Partial<MqttOptions> = {}): Promise<Broker> {
  const where = options.client ? {} : { url: server.url }
  const broker = mqtt({ ...where, prefix: `test-${newId()}`, reconnect: () => 50, ...options })
  opened.push(broker)
  await broker.publish('t', message('x'))
  expect(broker.health().state).toBe('up')
  return broker
}
afterEach(async () => {
  vi.restoreAllMocks()
  await Promise.all(opened.splice(0).map(broker => broker.close({ timeout: 0 })))
})

test('health says down when a ping is not answered, though nobody publishes or subscribes, and up afterwards', async () => {
  const proxy = await server.proxy()
  const broker = await publisher({ url: proxy.through(server.url), connect: { keepalive: 1, connectTimeout: 500 } })

  proxy.silence()
  await expect.poll(() => broker.health().state, { timeout: 10_000 }).toBe('down')
  expect(broker.health().lastError).toMatchObject({ code: 'DISCONNECTED' })

  proxy.heal()
  await expect.poll(() => broker.health().state, { timeout: 10_000 }).toBe('up')
  await broker.close({ timeout: 0 })
  await proxy.close()
})

test('a broker that is closed while it takes up its groups again leaves no connection', async () => {
  const proxy = await server.proxy()
  const broker = await publisher({ url: proxy.through(server.url) })
  const again = Promise.withResolvers<void>()
  const takesUp = vi.spyOn(Places.prototype, 'keepAgain').mockReturnValue(again.promise)
  proxy.cut()
  await expect.poll(() => takesUp.mock.calls.length).toBe(1)

  await broker.close()
  again.resolve()

  await expect.poll(() => proxy.connections).toBe(0)
  await proxy.close()
})

test('health follows a client that was passed in, on which a close leaves no listener', async () => {
  const proxy = await server.proxy()
  const client = await connectAsync(proxy.through(server.url), { reconnectPeriod: 300 })
  const listeners = (): number => client.eventNames().reduce((sum, name) => sum + client.listenerCount(name), 0)
  const before = listeners()
  const broker = await publisher({ client })

  proxy.cut()
  await expect.poll(() => broker.health().state).toBe('down')
  await expect.poll(() => broker.health().state, { timeout: 5_000 }).toBe('up')
  await broker.close({ timeout: 0 })

  expect(listeners()).toBe(before)
  await client.endAsync(true)
  await proxy.close()
})

test('health says down when the server is killed, and up when it is back', async () => {
  const broker = await publisher()

  await server.kill()
  await expect.poll(() => broker.health().state, { timeout: 5_000 }).toBe('down')

  await server.restart()
  await expect.poll(() => broker.health().state, { timeout: 10_000 }).toBe('up')
})
