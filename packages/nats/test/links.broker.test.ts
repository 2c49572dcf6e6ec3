import { AckPolicy, jetstreamManager } from '@nats-io/jetstream'
import { connect as vendor } from '@nats-io/transport-node'
import { start } from '@millrace/harness'
import { message, text } from 'millrace'
import type { Broker, Delivery, Subscription } from 'millrace'
import { newId } from 'millrace/adapter'
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest'
import { Connection } from '../src/connection.ts'
import { jetstream, nats } from '../src/index.ts'
import type { JetStreamOptions } from '../src/index.ts'

const server = await start('nats', { fresh: true })
afterAll(() => server.stop())

const opened: Broker[] = []
function kept<B extends Broker>(broker: B): B {
  opened.push(broker)
  return broker
}
function open(options: Partial<JetStreamOptions> = {}): Broker {
  return kept(jetstream({ url: server.url, prefix: own(), reconnect: () => 50, ...options }))
}
afterEach(async () => {
  vi.restoreAllMocks()
  await Promise.all(opened.splice(0).map(broker => broker.close({ timeout: 0 })))
})

/** A prefix, and so a stream, of the test's own. */
const own = (): string => `test-${newId()}`
const numbered = (count: number) => Array.from({ length: count }, (_, i) => message(String(i)))

async function take(subscription: Subscription, count: number): Promise<Delivery[]> {
  const taken: Delivery[] = []
  while (taken.length < count) taken.push(await subscription.receive({ signal: AbortSignal.timeout(15_000) }))
  return taken
}

const next = (subscription: Subscription, event: 'down' | 'up'): Promise<void> =>
  new Promise(resolve => subscription.on(event, () => resolve()))

describe('when the link breaks', () => {
  test('what was asked for over a link that the server takes for alive comes over the next', async () => {
    const [proxy, prefix] = [await server.proxy(), own()]
    const hosts = [proxy.through(server.url), server.url].map(url => url.replace('nats://', ''))
    const broker = open({
      url: `nats://${hosts.join(',')}`,
      prefix,
      connect: { noRandomize: true, timeout: 500, pingInterval: 200, maxPingOut: 1 },
    })
    const publisher = open({ prefix })
    const subscription = await broker.subscribe('t', { group: 'g' })
    await publisher.publish('t', message('first'))
    for (const delivery of await take(subscription, 1)) delivery.ack()

    const up = next(subscription, 'up')
    proxy.silence() // for good: the server still has the pull that was made over it, and 30 s of lease
    await up
    await publisher.publish('t', numbered(20))

    const taken = await take(subscription, 20)
    expect(new Set(taken.map(delivery => text(delivery.message))).size).toBe(20)
    expect(taken.map(({ attempt }) => attempt)).toEqual(Array.from({ length: 20 }, () => 1))
    await proxy.close()
  })

  test.each(['jetstream', 'nats'])('%s: nothing of what listened before is left behind it', async kind => {
    let listening = 0
    const onClosed = Reflect.get(Connection.prototype, 'onClosed') as Connection['onClosed']
    vi.spyOn(Connection.prototype, 'onClosed').mockImplementation(function (this: Connection, listener) {
      listening++
      const off = onClosed.call(this, listener)
      let on = true
      return () => {
        if (on) listening--
        on = false
        off()
      }
    })
    const proxy = await server.proxy()
    const options = { url: proxy.through(server.url), prefix: own(), reconnect: () => 50 }
    const broker = kept(kind === 'nats' ? nats(options) : jetstream(options))
    const subscription = await broker.subscribe('t', { group: 'g' })
    const before = listening

    for (let i = 0; i < 3; i++) {
      const up = next(subscription, 'up')
      proxy.cut()
      await up
    }

    expect(listening).toBe(before)
    await broker.close({ timeout: 0 })
    await proxy.close()
  })

  test('what was said of a message before, and not heard, is said again', async () => {
    const proxy = await server.proxy()
    const broker = open({ url: proxy.through(server.url) })
    const subscription = await broker.subscribe('t', { group: 'g' })
    await broker.publish('t', numbered(3))
    const [acked, nacked, released] = await take(subscription, 3)

    const up = next(subscription, 'up')
    proxy.silence('up')
    expect([acked?.ack(), nacked?.nack({ delay: 10 }), released?.release()]).toEqual([true, true, true])
    await new Promise(resolve => setTimeout(resolve, 50)) // it has left
    proxy.cut('reset')
    proxy.heal()
    await up

    // The lease, which is what would bring them back else, is half a minute.
    const again = await take(subscription, 2)
    const attempts = new Map(again.map(({ message: one, attempt }) => [text(one), attempt]))
    expect(attempts).toEqual(new Map([['1', 2], ['2', 1]])) // prettier-ignore
    for (const delivery of again) delivery.ack()
    await subscription.flush().catch(() => undefined) // what was not heard at first is told as well
    await subscription.flush()
    expect((await broker.lag?.('t', 'g'))?.messages).toBe(0)
    await broker.close({ timeout: 0 })
    await proxy.close()
  })

  test('what was in hand is given back once, however often the link broke before', async () => {
    const [proxy, prefix] = [await server.proxy(), own()]
    const broker = open({ url: proxy.through(server.url), prefix })
    const subscription = await broker.subscribe('t', { group: 'g' })
    await broker.publish('t', message('a'))
    await take(subscription, 1)
    let up = next(subscription, 'up')
    proxy.cut()
    await up
    const [again] = await take(subscription, 1)
    expect([again?.attempt, again?.ack()]).toEqual([2, true])
    await subscription.flush()
    await broker.publish('t', message('b'))
    await take(subscription, 1)

    up = next(subscription, 'up')
    proxy.cut()
    await up
    const [last] = await take(subscription, 1)

    expect([text(last!.message), last?.attempt]).toEqual(['b', 2]) // one was taken
    last?.ack()
    await subscription.flush()
    expect((await broker.lag?.('t', 'g'))?.messages).toBe(0)
    await broker.close({ timeout: 0 })
    await proxy.close()
  })
})

test.each(['jetstream', 'nats'])(
  '%s: a subscribe that is aborted over a silent link ends',
  async kind => {
    const proxy = await server.proxy()
    const options = { url: proxy.through(server.url), prefix: own() }
    const broker = kept(kind === 'nats' ? nats(options) : jetstream(options))
    await broker.publish('t', message('a'))
    proxy.silence()

    const begun = performance.now()
    const subscribing = broker.subscribe('t', { group: 'g', signal: AbortSignal.timeout(200) })

    await expect(subscribing).rejects.toMatchObject({ code: 'ABORTED' })
    // The client's own questions end after five seconds.
    expect(performance.now() - begun).toBeLessThan(kind === 'nats' ? 3_000 : 8_000)
    await broker.close({ timeout: 0 })
    await proxy.close()
  },
  20_000,
)

describe('health', () => {
  test.each(['jetstream', 'nats'])(
    '%s: says down when the server is killed, though nobody publishes or subscribes, and up when it is back',
    { timeout: 60_000 },
    async kind => {
      await using mortal = await start('nats', { fresh: true })
      const options = { url: mortal.url, prefix: own(), reconnect: () => 50 }
      const broker = kept(kind === 'nats' ? nats(options) : jetstream(options))
      await broker.publish('t', message('x'))
      expect(broker.health().state).toBe('up')

      await mortal.kill()
      await expect.poll(() => broker.health().state).toBe('down')
      expect(broker.health().lastError).toMatchObject({ code: 'DISCONNECTED' })

      await mortal.restart()
      await expect.poll(() => broker.health().state, { timeout: 20_000 }).toBe('up')
      await broker.publish('t', message('y'))
      await broker.close({ timeout: 0 })
    },
  )

  test('says down when pings are not answered', async () => {
    const proxy = await server.proxy()
    const broker = open({ url: proxy.through(server.url), connect: { pingInterval: 100, maxPingOut: 1, timeout: 500 } })
    await broker.open()

    proxy.silence()
    await expect.poll(() => broker.health().state, { timeout: 5_000 }).toBe('down')

    proxy.heal()
    await expect.poll(() => broker.health().state, { timeout: 5_000 }).toBe('up')
    await broker.close({ timeout: 0 })
    await proxy.close()
  })
})

describe('a subscription', () => {
  test("keeps within the connection's inbox prefix", async () => {
    const allow = '["millrace.>", "$JS.API.>", "$JS.ACK.>", "_MINE.>"]'
    await using guarded = await start('nats', {
      fresh: true,
      config: [
        `authorization { users = [ { user: u, password: p, permissions: { publish: { allow: ${allow} }, subscribe: { allow: ["_MINE.>"] } } }, { user: w, password: w } ] }`,
        'no_auth_user: w',
      ],
    })
    const broker = kept(
      jetstream({ url: guarded.url.replace('nats://', 'nats://u:p@'), connect: { inboxPrefix: '_MINE' } }),
    )
    const subscription = await broker.subscribe('t', { group: 'g' })

    await broker.publish('t', message('hello'))
    const [delivery] = await take(subscription, 1)
    delivery?.ack()
    await subscription.flush()

    expect(text(delivery!.message)).toBe('hello') // one was taken
    await broker.close({ timeout: 0 })
  })

  test('of several topics has no more in hand than its prefetch', async () => {
    const broker = open()
    const topics = ['a', 'b', 'c', 'd', 'e']
    const subscription = await broker.subscribe(topics, { group: 'g', prefetch: 2 })
    for (const topic of topics) await broker.publish(topic, numbered(3))

    let most = 0
    for (let count = 0; count < 15; count++) {
      const [delivery] = await take(subscription, 1)
      await new Promise(resolve => setTimeout(resolve, 20)) // what is on its way has time to come
      most = Math.max(most, broker.health().inFlight)
      delivery?.ack()
    }

    expect(most).toBeLessThanOrEqual(2)
    expect(subscription.tryReceive()).toBeUndefined()
  })

  test('ends with what is wrong where its consumer takes no pull of its size', async () => {
    const prefix = own()
    const broker = open({ prefix })
    await broker.open()
    const client = await vendor({ servers: server.url.replace('nats://', '') })
    const manager = await jetstreamManager(client)
    await broker.declare('t', { group: 'g' })
    const { name } = (await manager.consumers.list(prefix).next())[0]!.config // it was declared
    await manager.consumers.delete(prefix, name!)
    await manager.consumers.add(prefix, {
      durable_name: name!,
      ack_policy: AckPolicy.Explicit,
      filter_subject: `${prefix}.t.t`,
      max_batch: 10,
    })
    const asked = vi.fn()
    const watching = client.subscribe(`$JS.API.CONSUMER.MSG.NEXT.${prefix}.>`, { callback: asked })

    const subscription = await broker.subscribe('t', { group: 'g', prefetch: 100 })

    expect(await subscription.closed).toMatchObject({ code: 'TOPOLOGY_MISMATCH' })
    watching.unsubscribe()
    expect(asked.mock.calls.length).toBeLessThan(3)
    await client.close()
  })
})
