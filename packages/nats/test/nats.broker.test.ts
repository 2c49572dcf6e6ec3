import { fork } from 'node:child_process'
import { once } from 'node:events'
import { jetstream as vendorJetStream, jetstreamManager } from '@nats-io/jetstream'
import { connect as vendor, headers } from '@nats-io/transport-node'
import { start, watermillConsume, watermillPublish } from '@millrace/harness'
import type { FaultProxy } from '@millrace/harness'
import { json, message, pattern, text, tombstone } from 'millrace'
import type { Broker, Delivery, Subscription } from 'millrace'
import { newId } from 'millrace/adapter'
import { connect } from 'millrace/connect'
import { afterAll, describe, expect, test } from 'vitest'
import { jetstream, nats } from '../src/index.ts'

const server = await start('nats', { fresh: true })
afterAll(() => server.stop())

/** Messages sent through faults. */
const COUNT = process.env['MILLRACE_FULL'] ? 10_000 : 1_000

/** Nothing passes, and nobody is told; in the end the link is found to be dead. */
function halfOpen(proxy: FaultProxy): void {
  proxy.silence()
  setTimeout(() => {
    proxy.heal()
    proxy.cut('reset')
  }, 1_500).unref()
}

/** A prefix, and so a stream, of the test's own. */
const own = (): string => `test-${newId()}`

async function take(subscription: Subscription, count: number): Promise<Delivery[]> {
  const taken: Delivery[] = []
  while (taken.length < count) taken.push(await subscription.receive({ signal: AbortSignal.timeout(15_000) }))
  return taken
}

async function closing(brokers: readonly Broker[]): Promise<void> {
  await Promise.all(brokers.map(broker => broker.close({ timeout: 0 })))
}

describe('by its URL', () => {
  test.each(['nats', 'jetstream'])('%s: connects, options in the query', async scheme => {
    const url = `${server.url.replace('nats:', `${scheme}:`)}?prefix=${own()}`
    const broker = await connect(url)
    const subscription = await broker.subscribe('t', { group: 'g' })

    await broker.publish('t', message('hello'))

    const [delivery] = await take(subscription, 1)
    expect(text(delivery!.message)).toBe('hello') // one was taken
    delivery?.ack()
    await broker.close()
  })

  test('an option that there is not is told', () => {
    expect(() => nats({ url: `${server.url}?colour=red` })).toThrow(expect.objectContaining({ code: 'BAD_OPTION' }))
    expect(() => nats({})).toThrow(expect.objectContaining({ code: 'BAD_OPTION' }))
  })

  test('over TLS; a wrong password is AUTH, and no error shows it', async () => {
    await using locked = await start('nats', { fresh: true, secure: true })
    const { url, ca, password } = locked.secure! // it was asked for
    const tls = { ca }
    const wrong = jetstream({ url: url.replace(password, 'wrong-secret'), connect: { tls } })
    const right = jetstream({ url, connect: { tls } })

    const opening = wrong.open()

    await expect(opening).rejects.toMatchObject({ code: 'AUTH' })
    await expect(opening).rejects.not.toThrow(/wrong-secret/)
    await expect(right.open()).resolves.toBeUndefined()
    await closing([wrong, right])
  })

  test('a payload limit that the server does not have is told when it opens', async () => {
    const broker = jetstream({ url: server.url, maxBytes: 2 * 1024 * 1024 })

    await expect(broker.open()).rejects.toMatchObject({ code: 'TOPOLOGY_MISMATCH' })
    await broker.close()
  })

  test('a client of your own is left open', async () => {
    const client = await vendor({ servers: server.url.replace('nats://', '') })
    const broker = jetstream({ client, prefix: own() })
    await broker.publish('t', message('x'))

    await broker.close()

    expect(client.isClosed()).toBe(false)
    await client.close()
  })
})

describe('a broker that closes', () => {
  test.each([
    ['breaks at that moment', (proxy: FaultProxy) => proxy.cut('reset')],
    ['is dead', (proxy: FaultProxy) => proxy.silence()],
  ])('closes, though its link %s', { timeout: 20_000 }, async (_, fail) => {
    const proxy = await server.proxy()
    const brokers = [nats, jetstream].map(make => make({ url: proxy.through(server.url), prefix: own() }))
    for (const broker of brokers) await broker.subscribe('t', { group: 'g' })

    fail(proxy)
    await closing(brokers)

    expect(brokers.map(broker => broker.health().state)).toEqual(['closed', 'closed'])
    await proxy[Symbol.asyncDispose]()
  })
})

test('core NATS tells at once of a publish whose link broke before the server had it', async () => {
  const proxy = await server.proxy()
  const broker = nats({ url: proxy.through(server.url), prefix: own() })
  await broker.open()
  proxy.silence()

  const publish = broker.publish('t', message('x'))
  await new Promise(resolve => setImmediate(resolve)) // it is on its way
  proxy.cut('reset')

  await expect(publish).rejects.toMatchObject({ failures: [{ outcome: 'unknown', error: { code: 'DISCONNECTED' } }] })
  await proxy[Symbol.asyncDispose]()
  await closing([broker])
})

describe('foreign and strange messages', () => {
  test("another producer's message has an id that stays, and its headers for metadata", async () => {
    const prefix = own()
    const broker = jetstream({ url: server.url, prefix })
    const subscription = await broker.subscribe('t', { group: 'g', backoff: { base: 0, max: 0 } })
    const client = await vendor({ servers: server.url.replace('nats://', '') })
    const made = headers()
    made.append('k', 'v é')
    made.append('k', 'second')
    made.append('bad@key', 'x')
    await vendorJetStream(client).publish(`${prefix}.t.t`, '{"a":1}', { headers: made, msgID: 'mine' })

    const [first] = await take(subscription, 1)
    first?.nack()
    const [again] = await take(subscription, 1)

    expect(json(again!.message)).toEqual({ a: 1 }) // one was taken
    expect(again?.message).toMatchObject({ id: first?.message.id, metadata: { k: 'v é' } })
    expect(Object.keys(again!.message.metadata)).toEqual(['k'])
    expect(again?.attempt).toBe(2)
    again?.ack()
    await client.close()
    await closing([broker])
  })

  test('metadata that headers cannot carry arrives all the same, and nothing of it steers the server', async () => {
    const broker = jetstream({ url: server.url, prefix: own() })
    const subscription = await broker.subscribe('t', { group: 'g' })
    const metadata = {
      lines: 'a\r\nb: c',
      spaced: ' x ',
      empty: '',
      'Nats-Msg-Id': 'same',
      'nats-expected-stream': 'no',
    }

    await broker.publish('t', [message('1', { metadata }), message('2', { metadata }), tombstone('gone')])

    const taken = await take(subscription, 3)
    expect(taken.map(({ message }) => ({ ...message.metadata }))).toEqual([metadata, metadata, {}])
    expect(taken[2]?.message).toMatchObject({ key: 'gone', tombstone: true })
    for (const delivery of taken) delivery.ack()
    await closing([broker])
  })
})

describe('JetStream', () => {
  test('a deduplication id drops what was seen under it', async () => {
    const broker = jetstream({ url: server.url, prefix: own() })
    const subscription = await broker.subscribe('t', { group: 'g' })

    await broker.publish('t', message('a'), { dedupeId: 'd' })
    await broker.publish('t', message('b'), { dedupeId: 'd' })
    await broker.publish('t', message('c'))

    expect((await take(subscription, 2)).map(({ message }) => text(message))).toEqual(['a', 'c'])
    await closing([broker])
  })

  test('a subscriber to everything is not handed its own dead letters, and may ask for them', async () => {
    const broker = jetstream({ url: server.url, prefix: own() })
    const all = await broker.subscribe(pattern('**'), { group: 'g' })
    const dead = await broker.subscribe(pattern('*.g.dead'), { group: 'h' })
    await broker.publish('t', message('a'))

    const [delivery] = await take(all, 1)
    delivery?.reject({ reason: 'no' })
    const [letter] = await take(dead, 1)
    await broker.publish('t', message('b'))

    expect(letter?.topic).toBe('t.g.dead')
    expect((await take(all, 1)).map(({ message }) => text(message))).toEqual(['b'])
    await closing([broker])
  })

  test('subjects of your own can be read as they are', async () => {
    const name = own()
    const client = await vendor({ servers: server.url.replace('nats://', '') })
    const broker = jetstream({ url: server.url, names: 'native', stream: { name, subjects: [`${name}.>`] } })
    const subscription = await broker.subscribe(`${name}.orders`, { group: 'g' })

    await vendorJetStream(client).publish(`${name}.orders`, 'x')

    const [delivery] = await take(subscription, 1)
    expect(delivery?.topic).toBe(`${name}.orders`)
    delivery?.ack()
    await client.close()
    await closing([broker])
  })

  test("what topology 'check' does not find is a mismatch", async () => {
    const broker = jetstream({ url: server.url, prefix: own(), topology: 'check' })

    await expect(broker.open()).rejects.toMatchObject({ code: 'NO_ROUTE' })
    await broker.close()
  })

  test('what was on its way to a consumer that closed is with the next at once', async () => {
    const prefix = own()
    const brokers = [jetstream({ url: server.url, prefix }), jetstream({ url: server.url, prefix })] as const
    await brokers[0].declare('t', { group: 'g' })
    await brokers[0].publish('t', Array.from({ length: 500 }, (_, i) => message(String(i), { metadata: { i: String(i) } }))) // prettier-ignore
    const seen = new Set<string>()

    // Each is closed while the server is sending to it.
    for (let i = 0; i < 10; i++) {
      const subscription = await brokers[i % 2 === 0 ? 0 : 1].subscribe('t', { group: 'g', prefetch: 100 })
      for (const delivery of await take(subscription, 5)) if (delivery.ack()) seen.add(text(delivery.message))
      await subscription.close({ timeout: 0 })
    }
    const last = await brokers[0].subscribe('t', { group: 'g', prefetch: 100 })
    const begun = performance.now()
    while (seen.size < 500)
      for (const delivery of await take(last, 1)) if (delivery.ack()) seen.add(text(delivery.message))

    // The lease, which is what would bring them back else, is half a minute.
    expect(performance.now() - begun).toBeLessThan(10_000)
    await closing(brokers)
  })

  test('a publish that the server does not allow, or that no stream takes, is told at once', async () => {
    await using guarded = await start('nats', {
      fresh: true,
      config: [
        'authorization { users = [ { user: u, password: p, permissions: { publish: { deny: ["locked.t.secret"] } } }, { user: w, password: w } ] }',
        'no_auth_user: w',
      ],
    })
    const url = guarded.url.replace('nats://', 'nats://u:p@')
    const broker = jetstream({ url, prefix: 'locked' })
    await broker.publish('open', message('x'))
    const client = await vendor({ servers: guarded.url.replace('nats://', ''), user: 'u', pass: 'p' })

    const denied: unknown = await broker.publish('secret', message('x')).catch((error: unknown) => error)
    await (await jetstreamManager(client)).streams.delete('locked')
    const homeless: unknown = await broker.publish('open', message('x')).catch((error: unknown) => error)

    expect(denied).toMatchObject({ failures: [{ outcome: 'refused', error: { code: 'AUTH' } }] })
    expect(homeless).toMatchObject({ failures: [{ outcome: 'refused', error: { code: 'NO_ROUTE' } }] })
    await client.close()
    await closing([broker])
  })

  test('a deduplication id cannot bring headers of its own', async () => {
    const broker = jetstream({ url: server.url, prefix: own() })

    const publish = broker.publish('t', message('a'), { dedupeId: 'x\r\nNats-Expected-Stream: other' })

    await expect(publish).rejects.toMatchObject({ code: expect.stringMatching(/BAD_OPTION|PUBLISH_FAILED/) })
    await closing([broker])
  })

  test(
    'nothing of a hundred publishers is lost through cuts, resets and a half-open link',
    { timeout: 120_000 },
    async () => {
      const proxy = await server.proxy()
      const broker = jetstream({
        url: proxy.through(server.url),
        prefix: own(),
        reconnect: { base: 20, max: 200 },
        connect: { pingInterval: 300, maxPingOut: 1 },
      })
      const seen = new Set<string>()
      const subscription = await broker.subscribe('t', { group: 'g' })
      void subscription.each(({ message: one }) => void seen.add(text(one)))

      const sent = Array.from({ length: COUNT }, (_, i) => String(i))
      const faults = new Map([
        [COUNT / 4, () => proxy.cut()],
        [COUNT / 2, () => proxy.cut('reset')],
        [(COUNT * 3) / 4, () => halfOpen(proxy)],
      ])
      let at = 0
      const publisher = async (): Promise<void> => {
        for (let one = sent[at++]; one !== undefined; one = sent[at++]) {
          faults.get(Number(one))?.()
          for (let there = false; !there;)
            // An 'unknown' may have been stored: it is published again all the same.
            there = await broker.publish('t', message(one)).then(
              () => true,
              () => new Promise(resolve => setTimeout(() => resolve(false), 50)),
            )
        }
      }
      await Promise.all(Array.from({ length: 100 }, publisher))

      await expect.poll(() => seen.size, { timeout: 60_000 }).toBe(COUNT)
      await closing([broker])
      await proxy[Symbol.asyncDispose]()
    },
  )

  test('through cuts and silence nothing is lost', async () => {
    const proxy = await server.proxy()
    const url = proxy.through(server.url)
    const prefix = own()
    const through = jetstream({
      url,
      prefix,
      reconnect: { base: 20, max: 200 },
      connect: { pingInterval: 300, maxPingOut: 1 },
    })
    const subscription = await through.subscribe('t', { group: 'g' })
    const seen = new Set<string>()
    const reading = subscription.each(({ message }) => void seen.add(text(message)))
    const sent: string[] = []
    for (let i = 0; i < 200; i++) {
      if (i === 50) proxy.cut()
      if (i === 100) proxy.cut('reset')
      if (i === 150) {
        proxy.silence()
        setTimeout(() => proxy.heal(), 1000).unref()
      }
      // An 'unknown' may have been stored: it is sent again, under another id.
      for (let done = false; !done;) {
        const publish = through.publish('t', message(String(i)), { timeout: 5000 })
        done = await publish.then(
          () => true,
          () => false,
        )
      }
      sent.push(String(i))
    }

    await expect.poll(() => seen.size, { timeout: 30_000 }).toBe(sent.length)

    await subscription.close()
    await reading
    await closing([through])
    await proxy[Symbol.asyncDispose]()
  }, 90_000)

  test('a consumer that is killed in the middle of its work: everything is handled, and only the un-acked twice', async () => {
    const prefix = own()
    const broker = jetstream({ url: server.url, prefix })
    await broker.declare('t', { group: 'g' })
    await broker.publish(
      't',
      Array.from({ length: 100 }, (_, i) => message(String(i))),
    )
    const child = fork(new URL('./killed.ts', import.meta.url), [server.url, prefix], {
      execArgv: ['--conditions=millrace-source'],
    })
    const handled = new Set<string>()
    const acked = new Set<string>()
    child.on('message', (told: { handled?: string; acked?: string }) => {
      if (told.handled !== undefined) handled.add(told.handled)
      if (told.acked !== undefined) acked.add(told.acked)
    })
    await once(child, 'message')
    await expect.poll(() => acked.size).toBeGreaterThanOrEqual(20)
    child.kill('SIGKILL')
    await once(child, 'exit')

    const subscription = await broker.subscribe('t', { group: 'g', lease: 1000 })
    const again: string[] = []
    while (new Set([...handled, ...again]).size < 100) {
      const [delivery] = await take(subscription, 1)
      again.push(text(delivery!.message)) // one was taken
      delivery?.ack()
    }

    expect(again.filter(id => acked.has(id))).toEqual([])
    await closing([broker])
  }, 60_000)
})

describe('core NATS', () => {
  test('a group shares, everyone else gets everything', async () => {
    const broker = nats({ url: server.url, prefix: own() })
    const members = [await broker.subscribe('t', { group: 'g' }), await broker.subscribe('t', { group: 'g' })]
    const alone = await broker.subscribe('t')

    await broker.publish(
      't',
      Array.from({ length: 50 }, (_, i) => message(String(i))),
    )
    await take(alone, 50)

    let shared = 0
    for (const member of members) for (let next = member.tryReceive(); next; next = member.tryReceive()) shared++
    expect(shared).toBe(50)
    await closing([broker])
  })

  test('a consumer that is too slow loses the newest, and is told', async () => {
    const broker = nats({ url: server.url, prefix: own(), maxPending: 10 })
    const slow = await broker.subscribe('t', { prefetch: 5 })
    const gaps: string[] = []
    slow.on('gap', ({ reason }) => gaps.push(reason ?? ''))

    await broker.publish(
      't',
      Array.from({ length: 50 }, (_, i) => message(String(i))),
    )

    await expect.poll(() => gaps.length).toBe(1)
    const [first] = await take(slow, 1)
    expect(text(first!.message)).toBe('0') // one was taken
    await closing([broker])
  })
})

describe('beside Watermill', () => {
  const topic = `w-${newId()}`

  test('it reads what Watermill wrote, and Watermill what it wrote', async ({ skip }) => {
    const said = {
      uuid: newId(),
      metadata: { correlation_id: 'c-1', k: 'v é' },
      payload: new TextEncoder().encode('{"a":1}'),
    }
    try {
      await watermillPublish({ url: server.url, topic, create: true }, [said])
    } catch (error) {
      if ((error as { code?: string }).code === 'NOT_AVAILABLE')
        skip(`Watermill cannot be built here: ${String(error)}`)
      throw error
    }
    const broker = jetstream({ url: server.url, names: 'native', wire: 'watermill', stream: { name: topic } })
    const subscription = await broker.subscribe(topic, { group: 'g', deadLetter: false })

    const [delivery] = await take(subscription, 1)
    delivery?.ack()
    expect(delivery?.message).toMatchObject({ id: said.uuid, metadata: said.metadata })
    expect(json(delivery!.message)).toEqual({ a: 1 }) // one was taken

    const consuming = await watermillConsume({ url: server.url, topic, group: 'w' }, { count: 2 })
    const ours = message('ours', { metadata: { correlation_id: 'c-2' } })
    await broker.publish(topic, ours)
    const read = await consuming.messages
    expect(read.find(({ uuid }) => uuid === ours.id)).toMatchObject({ metadata: { correlation_id: 'c-2' } })
    await closing([broker])
  }, 300_000)
})
