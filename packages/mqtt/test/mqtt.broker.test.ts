import { fork } from 'node:child_process'
import { once } from 'node:events'
import { start } from '@millrace/harness'
import { json, message, pattern, text } from 'millrace'
import type { Broker, Delivery, Subscription } from 'millrace'
import { newId } from 'millrace/adapter'
import { connect } from 'millrace/connect'
import { connectAsync } from 'mqtt'
import { afterAll, describe, expect, test } from 'vitest'
import { mqtt } from '../src/index.ts'

const server = await start('mosquitto', { fresh: true })
afterAll(() => server.stop())

/** A prefix of the test's own. */
const own = (): string => `test-${newId()}`

async function take(subscription: Subscription, count: number): Promise<Delivery[]> {
  const taken: Delivery[] = []
  while (taken.length < count) taken.push(await subscription.receive({ signal: AbortSignal.timeout(10_000) }))
  return taken
}

const closing = (...brokers: Broker[]): Promise<unknown> =>
  Promise.all(brokers.map(broker => broker.close({ timeout: 0 })))

describe('by its URL', () => {
  test('connects, options in the query', async () => {
    const broker = await connect(`${server.url}?prefix=${own()}&qos=2`)
    const subscription = await broker.subscribe('t', { group: 'g' })

    await broker.publish('t', message('hello'))

    const [delivery] = await take(subscription, 1)
    expect(text(delivery!.message)).toBe('hello') // one was taken
    delivery?.ack()
    await closing(broker)
  })

  test('an option that there is not, or outside its bounds, is told', () => {
    expect(() => mqtt({ url: `${server.url}?colour=red` })).toThrow(expect.objectContaining({ code: 'BAD_OPTION' }))
    expect(() => mqtt({ url: `${server.url}?qos=3` })).toThrow(expect.objectContaining({ code: 'BAD_OPTION' }))
    expect(() => mqtt({})).toThrow(expect.objectContaining({ code: 'BAD_OPTION' }))
  })

  test('over TLS; a wrong password is AUTH, and no error shows it', async () => {
    await using locked = await start('mosquitto', { fresh: true, secure: true })
    const { url, ca, password } = locked.secure! // it was asked for
    const wrong = mqtt({ url: url.replace(password, 'wrong-secret'), connect: { ca } })
    const right = mqtt({ url, connect: { ca } })

    const opening = wrong.open()

    await expect(opening).rejects.toMatchObject({ code: 'AUTH' })
    await expect(opening).rejects.not.toThrow(/wrong-secret/)
    await expect(right.open()).resolves.toBeUndefined()
    await closing(wrong, right)
  })

  test('over WebSocket', async () => {
    const url = `mqtt+ws://127.0.0.1:${server.ports['websocket']}`
    const child = fork(new URL('./websocket.ts', import.meta.url), [url, own()], {
      execArgv: ['--conditions=millrace-source'],
    })

    const [received] = await Promise.race([once(child, 'message'), once(child, 'exit')])

    expect(received).toBe('over WebSocket')
  }, 20_000)
})

test('a message that fits no packet is refused, and the others of its batch are published', async () => {
  const broker = mqtt({ url: server.url, prefix: own() })
  const subscription = await broker.subscribe('t', { group: 'g' })
  const batch = [message('one'), message('two', { key: 'k'.repeat(70_000) }), message('three')]

  const publishing = broker.publish('t', batch)

  await expect(publishing).rejects.toMatchObject({
    code: 'PUBLISH_FAILED',
    failures: [{ index: 1, outcome: 'refused', error: { code: 'TOO_LARGE' } }],
  })
  const taken = await take(subscription, 2)
  expect(taken.map(one => text(one.message))).toEqual(['one', 'three'])
  for (const one of taken) one.ack()
  await closing(broker)
})

describe.each([1, 2] as const)('at QoS %i', qos => {
  test('a message is acknowledged when core settles it, in the order of receipt', async () => {
    const prefix = own()
    const broker = mqtt({ url: server.url, prefix, qos, clientId: `c-${newId()}` })
    const first = await broker.subscribe('t', { group: 'g', prefetch: 10 })
    await broker.publish('t', ['1', '2', '3'].map(one => message(one))) // prettier-ignore

    const [one, two, three] = await take(first, 3)
    one?.ack()
    three?.ack()
    await first.close({ timeout: 0 })
    const second = await broker.subscribe('t', { group: 'g' })

    // The session has both: 3 could not be acknowledged before 2.
    expect((await take(second, 2)).map(({ message }) => text(message))).toEqual(['2', '3'])
    expect(text(two!.message)).toBe('2') // it was taken
    await closing(broker)
  })
})

test('members of a group that go give what they have to those that stay', async () => {
  const prefix = own()
  const [a, b] = [mqtt({ url: server.url, prefix }), mqtt({ url: server.url, prefix })]
  const going = await a.subscribe('t', { group: 'g' })
  await a.publish('t', ['1', '2'].map(one => message(one))) // prettier-ignore
  await take(going, 2)
  const staying = await b.subscribe('t', { group: 'g' })

  await going.close({ timeout: 0 })

  expect((await take(staying, 2)).map(({ message }) => text(message)).sort()).toEqual(['1', '2'])
  await closing(a, b)
})

test("making a group's place again acknowledges nothing of what it holds", async () => {
  const prefix = own()
  const [a, b] = [mqtt({ url: server.url, prefix }), mqtt({ url: server.url, prefix })]
  await a.declare('t', { group: 'g' })
  await a.publish('t', Array.from({ length: 10 }, (_, i) => message(String(i)))) // prettier-ignore

  await b.declare('t', { group: 'g' })
  await a.declare('t', { group: 'g' })
  const subscription = await b.subscribe('t', { group: 'g' })

  const taken = await take(subscription, 10)
  expect(taken.map(({ message }) => text(message))).toEqual(Array.from({ length: 10 }, (_, i) => String(i)))
  await closing(a, b)
})

test('a clientId that is used twice is told to whom it is taken from, and it stays with the other', async () => {
  const [prefix, clientId] = [own(), own()]
  const [a, b] = [mqtt({ url: server.url, prefix, clientId }), mqtt({ url: server.url, prefix, clientId })]
  const first = await a.subscribe('t', { group: 'g' })

  const second = await b.subscribe('t', { group: 'g' })
  await b.publish('t', message('x'))

  expect(await first.closed).toMatchObject({ code: 'TOPOLOGY_MISMATCH' })
  expect((await take(second, 1)).map(({ message }) => text(message))).toEqual(['x'])
  await closing(a, b)
})

test("another producer's message is taken as it is, on a topic of its own", async () => {
  const name = own()
  const broker = mqtt({ url: server.url, names: 'native' })
  const subscription = await broker.subscribe(pattern(`${name}.*`))
  const client = await connectAsync(server.url, { protocolVersion: 5 })

  await client.publishAsync(`${name}/t`, '{"a":1}', { qos: 1, properties: { userProperties: { k: 'v' } } })

  const [delivery] = await take(subscription, 1)
  expect(delivery?.topic).toBe(`${name}.t`)
  expect(json(delivery!.message)).toEqual({ a: 1 }) // one was taken
  expect(delivery?.message.metadata).toEqual({ k: 'v' })
  await client.endAsync()
  await closing(broker)
})

test('a retained message comes first to who asks for it', async () => {
  const broker = mqtt({ url: server.url, prefix: own(), publishing: () => ({ retain: true }) })
  await broker.publish('t', message('kept'))

  const asking = { retained: 'take' } as object
  const subscription = await broker.subscribe('t', asking)

  expect((await take(subscription, 1)).map(({ message }) => text(message))).toEqual(['kept'])
  await closing(broker)
})
