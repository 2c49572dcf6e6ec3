import { start } from '@millrace/harness'
import type { RunningServer } from '@millrace/harness'
import { Producer, producerSendsChannel } from '@platformatic/kafka'
import { isMillraceError, message, text } from 'millrace'
import type { Broker, Subscription } from 'millrace'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { kafka } from '../src/index.ts'
import type { KafkaOptions } from '../src/index.ts'

let server: RunningServer
beforeAll(async () => {
  server = await start('kafka', { fresh: true })
})
afterAll(() => server.stop())

const opened: Broker[] = []
function open(options: Partial<KafkaOptions> = {}): Broker {
  const broker = kafka({ url: server.url, partitions: 1, ...options })
  opened.push(broker)
  return broker
}
afterEach(async () => {
  vi.restoreAllMocks()
  await Promise.all(opened.splice(0).map(broker => broker.close({ timeout: 0 })))
})
let names = 0
const unique = (name: string): string => `${name}-${process.pid}-${++names}`

async function take(subscription: Subscription, count: number): Promise<string[]> {
  const taken: string[] = []
  while (taken.length < count) {
    const delivery = await subscription.receive({ signal: AbortSignal.timeout(20_000) })
    taken.push(text(delivery.message))
  }
  return taken
}

test("a partition's first request goes by the client's producer, those behind it the same way without it", async () => {
  const [topic, other] = [unique('first'), unique('other')]
  const broker = open({ partitions: 2, partitioner: key => Number(key.toString()) })
  const byProducer = vi.spyOn(Producer.prototype, 'send')
  const sent: number[] = []
  const publish = async (to: string, key: string): Promise<void> => {
    await broker.publish(to, message(key, { key }))
    sent.push(byProducer.mock.calls.length)
  }

  for (const partition of ['0', '0', '1', '1', '0']) await publish(topic, partition)
  for (const partition of ['0', '0']) await publish(other, partition)

  expect(sent).toEqual([1, 1, 2, 2, 2, 3, 3])
  expect((await take(await broker.subscribe(topic, { from: 'earliest' }), 5)).sort()).toEqual(['0', '0', '0', '1', '1'])
})

test(
  'what was stored and not answered is sent again by the producer, and stored once',
  { timeout: 60_000 },
  async () => {
    const proxy = await server.proxy()
    const [topic, broker] = [unique('once'), open({ url: proxy.through(server.url) })]
    const reader = await open().subscribe(topic, { from: 'earliest' })
    await broker.publish(topic, message('first'))
    await broker.publish(topic, message('second'))
    const byProducer = vi.spyOn(Producer.prototype, 'send')

    proxy.silence('down')
    const published = broker.publish(topic, message('third'))
    const taken = await take(reader, 3)
    proxy.cut('reset')
    proxy.heal()
    await published
    await broker.publish(topic, message('fourth'))
    taken.push(...(await take(reader, 1)))

    expect(taken).toEqual(['first', 'second', 'third', 'fourth'])
    expect(byProducer).toHaveBeenCalledOnce()
    await broker.close({ timeout: 0 })
    await proxy.close()
  },
)

test('what is refused on a way that was good is refused as by the producer, and others are in', async () => {
  const [topic, broker] = [unique('refused'), open({ topicConfig: { 'max.message.bytes': '20000' } })]
  await broker.publish(topic, message('first'))

  const failed: unknown = await broker
    .publish(topic, [message('a'), message(new Uint8Array(50_000)), message('b')])
    .catch((error: unknown) => error)
  await broker.publish(topic, message('last'))
  const taken = await take(await broker.subscribe(topic, { from: 'earliest' }), 4)

  expect(isMillraceError(failed, 'PUBLISH_FAILED')).toBe(true)
  expect(failed).toMatchObject({ failures: [{ index: 1, outcome: 'refused', error: { code: 'TOO_LARGE' } }] })
  expect(taken).toEqual(['first', 'a', 'b', 'last'])
})

test("whoever listens to the client's diagnostics is told of every request", async () => {
  const [topic, broker] = [unique('watched'), open()]
  await broker.publish(topic, message('first'))
  const start = vi.fn()

  producerSendsChannel.start.subscribe(start)
  for (const one of ['a', 'b', 'c']) await broker.publish(topic, message(one))
  producerSendsChannel.start.unsubscribe(start)
  await broker.publish(topic, message('last'))

  expect(start).toHaveBeenCalledTimes(3)
})
