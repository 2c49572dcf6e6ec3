import { fork } from 'node:child_process'
import { once } from 'node:events'
import { start } from '@millrace/harness'
import { message, text } from 'millrace'
import { newId } from 'millrace/adapter'
import { afterAll, expect, test } from 'vitest'
import { mqtt } from '../src/index.ts'

const server = await start('mosquitto', { fresh: true })
afterAll(() => server.stop())

const COUNT = 300

test.each(['5', '3.1.1'] as const)(
  'MQTT %s: through cuts, resets and silence nothing is lost',
  async version => {
    const proxy = await server.proxy()
    const broker = mqtt({
      url: proxy.through(server.url),
      version,
      prefix: `test-${newId()}`,
      // A link that is silent is given up after one and a half of it.
      connect: { keepalive: 1 },
      reconnect: { base: 20, max: 200 },
      rejoin: 200,
    })
    const subscription = await broker.subscribe('t', { group: 'g', prefetch: 20 })
    const events = new Set<string>()
    subscription.on('down', () => events.add('down'))
    subscription.on('up', () => events.add('up'))
    const got = new Set<string>()
    let all: () => void = () => undefined
    const everything = new Promise<void>(resolve => (all = resolve))
    void subscription.each(delivery => {
      if (delivery.ack()) got.add(text(delivery.message))
      if (got.size === COUNT) all()
    })

    for (let i = 0; i < COUNT; i++) {
      if (i === 50) proxy.cut()
      if (i === 100) proxy.cut('reset')
      if (i === 150) {
        proxy.silence()
        // Longer than the keep-alive: both ends give the link up, and neither hears of it.
        setTimeout(() => proxy.heal(), 2500).unref()
      }
      for (let accepted = false; !accepted;)
        accepted = await broker.publish('t', message(String(i))).then(
          () => true,
          () => false,
        )
    }
    await Promise.race([everything, new Promise(resolve => setTimeout(resolve, 15_000).unref())])

    expect(Array.from({ length: COUNT }, (_, i) => String(i)).filter(one => !got.has(one))).toEqual([])
    expect([...events].sort()).toEqual(['down', 'up'])
    await broker.close({ timeout: 0 })
    await proxy.close()
  },
  40_000,
)

test('after a consumer was killed in mid-batch the next gets what it had not acknowledged, and only that', async () => {
  const [prefix, clientId] = [`test-${newId()}`, `member-${newId()}`]
  const sent = Array.from({ length: 60 }, (_, i) => message(String(i)))
  const child = fork(new URL('./killed.ts', import.meta.url), [server.url, prefix, clientId], {
    execArgv: ['--conditions=millrace-source'],
  })
  await once(child, 'message')
  await using publisher = mqtt({ url: server.url, prefix })
  await publisher.publish('t', sent)
  const [acked] = (await once(child, 'message')) as [string[]]

  child.kill('SIGKILL')
  await once(child, 'exit')
  // The same name, as it has when its supervisor starts it again.
  await using broker = mqtt({ url: server.url, prefix, clientId })
  const next = await broker.subscribe('t', { group: 'g', prefetch: 50 })
  const got = new Map<string, number>()
  while (got.size < 40) {
    const delivery = await next.receive({ signal: AbortSignal.timeout(15_000) })
    got.set(text(delivery.message), (got.get(text(delivery.message)) ?? 0) + 1)
    delivery.ack()
  }

  expect(acked).toHaveLength(20)
  expect(new Set([...acked, ...got.keys()]).size).toBe(60)
  expect([...got.values()].every(times => times === 1)).toBe(true)
})
