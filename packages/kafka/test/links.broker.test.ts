import { start } from '@millrace/harness'
import type { RunningServer } from '@millrace/harness'
import { message } from 'millrace'
import type { Broker } from 'millrace'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { kafka } from '../src/index.ts'
import type { KafkaOptions } from '../src/index.ts'

let server: RunningServer
beforeAll(async () => {
  server = await start('kafka', { fresh: true })
}, 120_000)
afterAll(() => server.stop())

const opened: Broker[] = []
function open(options: Partial<KafkaOptions> = {}): Broker {
  const broker = kafka({ url: server.url, partitions: 1, reconnect: () => 200, ...options })
  opened.push(broker)
  return broker
}
afterEach(async () => {
  await Promise.all(opened.splice(0).map(broker => broker.close({ timeout: 0 })))
})
let names = 0
const unique = (name: string): string => `${name}-${process.pid}-${++names}`

test('a connection that is cut while others are to be had is no loss', { timeout: 60_000 }, async () => {
  const proxy = await server.proxy()
  const [topic, broker] = [unique('cut'), open({ url: proxy.through(server.url) })]
  await broker.publish(topic, message('a'))
  const states = new Set<string>()
  const watching = setInterval(() => states.add(broker.health().state), 1)

  proxy.cut()
  await new Promise(resolve => setTimeout(resolve, 500)) // whatever it looks for it has found by then
  clearInterval(watching)
  await broker.publish(topic, message('b'))

  expect([...states]).toEqual(['up'])
  await broker.close({ timeout: 0 })
  await proxy.close()
})

test('a close does not wait for answers that never come longer than it was told', { timeout: 60_000 }, async () => {
  const proxy = await server.proxy()
  const [topic, broker] = [unique('silent'), open({ url: proxy.through(server.url) })]
  await broker.publish(topic, message('a'))
  await broker.publish(topic, message('b'))
  proxy.silence()
  const publish = broker.publish(topic, message('c'), { timeout: 30_000 })
  const failed = publish.catch((error: unknown) => error)
  await new Promise(resolve => setTimeout(resolve, 50)) // it is on its way

  const begun = performance.now()
  await broker.close({ timeout: 1_000 })

  expect(performance.now() - begun).toBeLessThan(5_000)
  expect(await failed).toMatchObject({ failures: [{ outcome: 'unknown', error: { code: 'CLOSED' } }] })
  await proxy.close()
})

test(
  'health says down when the link is silent, though nobody publishes, and up afterwards',
  { timeout: 90_000 },
  async () => {
    const proxy = await server.proxy()
    const [topic, broker] = [unique('idle'), open({ url: proxy.through(server.url) })]
    await broker.publish(topic, message('a'))

    proxy.silence()
    await expect.poll(() => broker.health().state, { timeout: 25_000 }).toBe('down')
    expect(broker.health().lastError).toMatchObject({ code: 'DISCONNECTED' })

    proxy.heal()
    await expect.poll(() => broker.health().state, { timeout: 25_000 }).toBe('up')
    await broker.publish(topic, message('b'))
    await broker.close({ timeout: 0 })
    await proxy.close()
  },
)

test('health says down when the server is killed, and up when it is back', { timeout: 120_000 }, async () => {
  const [topic, broker] = [unique('killed'), open()]
  await broker.publish(topic, message('a'))
  expect(broker.health().state).toBe('up')

  await server.kill()
  await expect.poll(() => broker.health().state, { timeout: 15_000 }).toBe('down')
  expect(broker.health().lastError).toMatchObject({ code: 'DISCONNECTED' })

  await server.restart()
  await expect.poll(() => broker.health().state, { timeout: 60_000 }).toBe('up')
  await broker.publish(topic, message('b'))
})
