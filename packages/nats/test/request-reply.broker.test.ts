import { getEventListeners } from 'node:events'
import { connect as vendor, headers } from '@nats-io/transport-node'
import type { NatsConnection } from '@nats-io/transport-node'
import { start } from '@millrace/harness'
import { message, pattern, text } from 'millrace'
import type { Broker, Delivery, Message, Subscription } from 'millrace'
import { newId } from 'millrace/adapter'
import { connect } from 'millrace/connect'
import { afterAll, afterEach, expect, test, vi } from 'vitest'
import { jetstream, nats } from '../src/index.ts'
import type { NatsBroker, NatsOptions } from '../src/index.ts'

const server = await start('nats', { fresh: true })
afterAll(() => server.stop())

const opened: Broker[] = []
const clients: NatsConnection[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map(broker => broker.close({ timeout: 0 })))
  await Promise.all(clients.splice(0).map(client => client.close()))
})

const prefix = (): string => `rr-${newId()}`

function open(options: NatsOptions): NatsBroker {
  const broker = nats(options.client ? options : { url: server.url, ...options })
  opened.push(broker)
  return broker
}

async function bare(url = server.url, more: { inboxPrefix?: string } = {}): Promise<NatsConnection> {
  const client = await vendor({ servers: url.replace('nats://', ''), ...more })
  clients.push(client)
  return client
}

/** Answers with what `answer` makes of each, and notes what came. */
function answering(
  broker: NatsBroker,
  subscription: Subscription,
  answer: (delivery: Delivery) => Message = ({ message: asked }) => message(`re: ${text(asked)}`),
): Delivery[] {
  const seen: Delivery[] = []
  void subscription.each(async delivery => {
    seen.push(delivery)
    await broker.respond(delivery, answer(delivery))
  })
  return seen
}

test.each(['prefixed', 'native'] as const)(
  'a request comes to a handler, and its answer back, names: %s',
  async names => {
    const both = { names, prefix: prefix() }
    const [asker, replier] = [open(both), open(both)]
    const topic = `t-${newId()}`
    const answer = message('yes', { key: 'k', metadata: { b: ' odd ' } })
    const seen = answering(replier, await replier.subscribe(topic), () => answer)
    const question = message('well?', { key: 'q', metadata: { a: 'é' } })

    const got = await asker.request(topic, question)

    expect({ ...got, payload: text(got) }).toEqual({ ...answer, payload: 'yes' })
    expect(seen[0]).toMatchObject({
      topic,
      message: { ...question, payload: expect.anything() },
      origin: { reply: expect.stringMatching(/^_INBOX\./) },
    })
    expect(seen[0]?.time).toBeGreaterThan(Date.now() - 60_000)
  },
)

test('the request of a bare client is answered by a handler', async () => {
  const subject = `native-${newId()}.Place_1`
  const broker = open({ names: 'native' })
  const subscription = await broker.subscribe(pattern('**'), { group: 'g' })
  answering(broker, subscription, ({ message: asked }) =>
    message(`re: ${text(asked)}`, { metadata: { of: asked.metadata['a'] ?? '' } }),
  )
  const asked = headers()
  asked.set('a', '1')

  const answer = await (await bare()).request(subject, 'well?', { headers: asked, timeout: 5_000 })

  expect(answer.string()).toBe('re: well?')
  expect(answer.headers?.get('of')).toBe('1')
})

test("a bare client's answer is read as a message of another producer", async () => {
  const subject = `native-${newId()}`
  const client = await bare()
  const set = headers()
  set.append('b', '2')
  set.append('bad@key', 'x')
  client.subscribe(subject, { callback: (_, msg) => void msg.respond(`re: ${msg.string()}`, { headers: set }) })
  client.subscribe(`${subject}.bare`, { callback: (_, msg) => void msg.respond() })
  await client.flush()
  const broker = open({ names: 'native' })

  const answer = await broker.request(subject, message('well?'))
  const empty = await broker.request(`${subject}.bare`, message('well?'))

  expect(text(answer)).toBe('re: well?')
  expect(answer).toMatchObject({ id: expect.stringMatching(/./), metadata: { b: '2' } })
  expect(Object.keys(answer.metadata)).toEqual(['b'])
  expect(empty.payload).toHaveLength(0)
})

test('of a group one answers, and of many the first is heard', async () => {
  const broker = open({ prefix: prefix() })
  const members = await Promise.all([1, 2, 3].map(() => broker.subscribe('shared', { group: 'g' })))
  const seen = members.map(member => answering(broker, member))
  const everyone = await Promise.all([1, 2, 3].map(() => broker.subscribe('loud')))
  for (const one of everyone) answering(broker, one)

  const shared = await Promise.all(Array.from({ length: 60 }, (_, i) => broker.request('shared', message(String(i)))))
  const loud = await Promise.all(Array.from({ length: 20 }, (_, i) => broker.request('loud', message(String(i)))))

  expect(shared.map(text)).toEqual(Array.from({ length: 60 }, (_, i) => `re: ${i}`))
  expect(loud.map(text)).toEqual(Array.from({ length: 20 }, (_, i) => `re: ${i}`))
  expect(seen.flat()).toHaveLength(60)
})

test('where nobody listens a request is NO_ROUTE at once, and so is the answer to a plain publish', async () => {
  const broker = open({ prefix: prefix() })
  const begun = performance.now()

  await expect(broker.request('nobody', message('x'))).rejects.toMatchObject({ code: 'NO_ROUTE' })

  expect(performance.now() - begun).toBeLessThan(5_000)
  const subscription = await broker.subscribe('t')
  await broker.publish('t', message('x'))
  const delivery = await subscription.receive()
  await expect(broker.respond(delivery, message('y'))).rejects.toMatchObject({ code: 'NO_ROUTE' })
})

test('a wait that has ended leaves nothing, and an answer that is late is nobody else’s', async () => {
  const broker = open({ prefix: prefix() })
  const subscription = await broker.subscribe('t')
  const abort = new AbortController()

  const tooSlow = broker.request('t', message('1'), { timeout: 30 })
  const unwanted = broker.request('t', message('2'), { signal: abort.signal })
  const deliveries = [await subscription.receive(), await subscription.receive()]
  await expect(tooSlow).rejects.toMatchObject({ code: 'TIMEOUT', message: expect.stringContaining("request to 't'") })
  abort.abort(new Error('enough'))
  await expect(unwanted).rejects.toMatchObject({ code: 'ABORTED', cause: { message: 'enough' } })
  for (const delivery of deliveries) await broker.respond(delivery, message('late'))
  const next = new AbortController()
  answering(broker, subscription)

  expect(text(await broker.request('t', message('3'), { signal: next.signal }))).toBe('re: 3')
  expect(getEventListeners(abort.signal, 'abort')).toHaveLength(0)
  expect(getEventListeners(next.signal, 'abort')).toHaveLength(0)
})

test('over a client of your own all requests share one inbox, which goes when the broker closes', async () => {
  const client = await bare(server.url, { inboxPrefix: `_mine-${newId()}` })
  const broker = open({ client, prefix: prefix() })
  const seen = answering(broker, await broker.subscribe('t'))
  const subscribe = vi.spyOn(client, 'subscribe')

  const answers = await Promise.all(Array.from({ length: 500 }, (_, i) => broker.request('t', message(String(i)))))
  await broker.close()

  expect(answers.map(text)).toEqual(Array.from({ length: 500 }, (_, i) => `re: ${i}`))
  expect(seen[0]?.origin['reply']).toMatch(/^_mine-/)
  expect(subscribe).toHaveBeenCalledTimes(1)
  expect(subscribe.mock.results.map(({ value }) => value.isClosed())).toEqual([true])
  expect(client.isClosed()).toBe(false)
})

test('what connect() gives for a nats: URL asks and answers', async () => {
  const url = `${server.url}?prefix=${prefix()}`
  const broker = (await connect(url)) as NatsBroker
  opened.push(broker)
  answering(broker, await broker.subscribe('t'))

  expect(text(await broker.request('t', message('x')))).toBe('re: x')
})

test('a broken link ends a request with DISCONNECTED, and the next is answered over the next', async () => {
  await using proxy = await server.proxy()
  const shared = { prefix: prefix() }
  const asker = open({ ...shared, url: proxy.through(server.url), reconnect: { base: 20, max: 50 } })
  const replier = open(shared)
  const subscription = await replier.subscribe('t')

  const cut = asker.request('t', message('1'))
  await subscription.receive()
  proxy.cut('reset')
  await expect(cut).rejects.toMatchObject({ code: 'DISCONNECTED' })
  answering(replier, subscription)

  expect(text(await asker.request('t', message('2')))).toBe('re: 2')
})

test('a handler whose own link was cut answers over the next', async () => {
  await using proxy = await server.proxy()
  const shared = { prefix: prefix() }
  const replier = open({ ...shared, url: proxy.through(server.url), reconnect: { base: 20, max: 50 } })
  const asker = open(shared)
  const subscription = await replier.subscribe('t')

  const asked = asker.request('t', message('1'))
  const delivery = await subscription.receive()
  const down = new Promise(resolve => subscription.on('down', resolve))
  proxy.cut('reset')
  await down
  await replier.respond(delivery, message('all the same'))

  expect(text(await asked)).toBe('all the same')
})

test('a broker that closes gives the requests under way their time, then rejects them with CLOSED', async () => {
  const shared = { prefix: prefix() }
  const [asker, replier] = [open(shared), open(shared)]
  const subscription = await replier.subscribe('t')
  const asked = [asker.request('t', message('1')), asker.request('t', message('2'))] as const
  const [first] = [await subscription.receive(), await subscription.receive()]

  const closing = asker.close({ timeout: 0 })
  await replier.respond(first, message('in time'))

  expect(text(await asked[0])).toBe('in time')
  await expect(asked[1]).rejects.toMatchObject({ code: 'CLOSED' })
  await closing
})

test('a stream on the same subjects does not answer in a handler’s place', async () => {
  const shared = prefix()
  const stored = jetstream({ url: server.url, prefix: shared })
  opened.push(stored)
  await stored.open()
  const broker = open({ prefix: shared })
  answering(broker, await broker.subscribe('t'))

  const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => broker.request('t', message(String(i)))))

  expect(answers.map(text)).toEqual(Array.from({ length: 20 }, (_, i) => `re: ${i}`))
})

test("with Watermill's headers, too", async () => {
  const both = { wire: 'watermill', prefix: prefix() } as const
  const broker = open(both)
  const answer = message('yes', { metadata: { b: '2' } })
  const seen = answering(broker, await broker.subscribe('t'), () => answer)
  const question = message('well?', { metadata: { a: '1' } })

  expect(await broker.request('t', question)).toMatchObject({ id: answer.id, metadata: answer.metadata })
  expect(seen[0]?.message).toMatchObject({ id: question.id, metadata: question.metadata })
  await expect(broker.request('t', message('x', { metadata: { a: ' b ' } }))).rejects.toMatchObject({
    code: 'INVALID_METADATA',
  })
})

test('what the server does not allow is AUTH; an inbox where it is allowed is found', async () => {
  await using guarded = await start('nats', {
    fresh: true,
    config: [
      'authorization { users = [',
      '{ user: u, password: p, permissions: { publish: { deny: ["locked.t.secret"] }, subscribe: { allow: ["locked.>", "_INBOX_u.>"] } } },',
      '{ user: w, password: w } ] }',
      'no_auth_user: w',
    ],
  })
  const url = guarded.url.replace('nats://', 'nats://u:p@')
  const replier = open({ url: guarded.url, prefix: 'locked' })
  answering(replier, await replier.subscribe('t'))
  const lost = open({ url, prefix: 'locked' })
  const right = open({ url, prefix: 'locked', connect: { inboxPrefix: '_INBOX_u' } })

  await expect(lost.request('t', message('x'))).rejects.toMatchObject({ code: 'AUTH' })
  await expect(lost.request('t', message('again'))).rejects.toMatchObject({ code: 'AUTH' })
  await expect(right.request('secret', message('x'))).rejects.toMatchObject({ code: 'AUTH' })
  expect(text(await right.request('t', message('x')))).toBe('re: x')
  await Promise.all(opened.splice(0).map(broker => broker.close({ timeout: 0 })))
})
