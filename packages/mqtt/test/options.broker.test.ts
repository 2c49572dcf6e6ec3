import { start } from '@millrace/harness'
import { json, message, pattern, text, tombstone } from 'millrace'
import type { Delivery, Subscription } from 'millrace'
import { newId } from 'millrace/adapter'
import { connectAsync } from 'mqtt'
import type { IPublishPacket } from 'mqtt'
import { afterAll, describe, expect, test } from 'vitest'
import { mqtt } from '../src/index.ts'
import type { MqttSubscribeOptions } from '../src/index.ts'

const server = await start('mosquitto', { fresh: true })
afterAll(() => server.stop())

/** A prefix of the test's own. */
const own = (): string => `test-${newId()}`

/** So many deliveries, acknowledged. */
async function take(subscription: Subscription, count: number): Promise<Delivery[]> {
  const taken: Delivery[] = []
  while (taken.length < count) {
    const delivery = await subscription.receive({ signal: AbortSignal.timeout(10_000) })
    delivery.ack()
    taken.push(delivery)
  }
  return taken
}

const numbered = (count: number) => Array.from({ length: count }, (_, i) => message(String(i)))

test('the will is published when the process is gone without a word, and not after a close', async () => {
  const prefix = own()
  const proxy = await server.proxy()
  await using watching = mqtt({ url: server.url, prefix })
  const subscription = await watching.subscribe('status')
  const opened = async (url: string, last: string) => {
    const broker = mqtt({ url, prefix, will: { topic: 'status', message: message(last, { key: 'k' }) } })
    await broker.open()
    return broker
  }

  await (await opened(server.url, 'closed')).close()
  const broken = await opened(proxy.through(server.url), 'broken')
  proxy.refuse()
  proxy.cut('reset')

  const [delivery] = await take(subscription, 1)
  expect(text(delivery!.message)).toBe('broken') // one was taken
  expect(delivery?.message.key).toBe('k')
  await broken.close()
  await proxy.close()
})

describe('retained', () => {
  const retaining = { publishing: () => ({ retain: true }) }

  test('only who asks for it gets what was there before; a tombstone takes it away', async () => {
    const prefix = own()
    await using broker = mqtt({ url: server.url, prefix, ...retaining })
    await broker.publish('t', message('kept'))

    const asking: MqttSubscribeOptions = { retained: 'take' }
    const [kept] = await take(await broker.subscribe('t', asking), 1)
    const plain = await broker.subscribe('t')
    await broker.publish('t', tombstone('t'))
    const [first] = await take(plain, 1)
    const afterwards = await broker.subscribe('t', asking)
    await broker.publish('t', message('new'))

    expect(text(kept!.message)).toBe('kept') // one was taken
    expect(first?.message.tombstone).toBe(true)
    expect((await take(afterwards, 1)).map(({ message }) => text(message))).toEqual(['new'])
  })
})

describe('with a client of your own', () => {
  test('it publishes over that, and leaves it open', async () => {
    const client = await connectAsync(server.url, { protocolVersion: 5 })
    const broker = mqtt({ client, prefix: own(), inFlight: 5 })
    const subscription = await broker.subscribe('t', { group: 'g' })
    let sent = 0
    client.on('packetsend', packet => (sent += packet.cmd === 'publish' && packet.topic.endsWith('/t/t') ? 1 : 0))

    await broker.publish('t', numbered(50))
    await take(subscription, 50)
    await broker.close()

    expect(sent).toBe(50)
    expect(client.connected).toBe(true)
    await client.endAsync()
  })

  test('one that is closed is CLOSED', async () => {
    const client = await connectAsync(server.url)
    await client.endAsync()
    await using broker = mqtt({ client })

    await expect(broker.open()).rejects.toMatchObject({ code: 'CLOSED' })
  })

  test('a will belongs to it, not to us', async () => {
    const client = await connectAsync(server.url)

    expect(() => mqtt({ client, will: { topic: 't', message: message('x') } })).toThrow(
      expect.objectContaining({ code: 'BAD_OPTION' }),
    )
    await client.endAsync()
  })
})

describe('QoS 0', () => {
  test('is sent and not acknowledged, and the capabilities say so', async () => {
    await using broker = mqtt({ url: server.url, prefix: own(), qos: 0 })
    const subscription = await broker.subscribe('t', { group: 'g' })

    await broker.publish('t', numbered(20))

    expect((await take(subscription, 20)).map(({ message }) => text(message))).toEqual(
      numbered(20).map(one => text(one)),
    )
    expect(broker.capabilities).toMatchObject({ accepts: 'sent', settles: 'none' })
  })

  test('what a slow consumer has no room for is dropped, and that is told as a gap', async () => {
    await using broker = mqtt({ url: server.url, prefix: own(), qos: 0, maxPending: 10 })
    const subscription = await broker.subscribe('t', { prefetch: 5 })
    const gap = new Promise<string | undefined>(resolve => subscription.on('gap', ({ reason }) => resolve(reason)))

    await broker.publish('t', numbered(100))

    expect(await gap).toMatch(/dropped/)
    const taken = await take(subscription, 5)
    expect(text(taken[0]!.message)).toBe('0') // five were taken
  })

  test('one subscription may ask for less than the publisher sent', async () => {
    await using broker = mqtt({ url: server.url, prefix: own() })
    const less: MqttSubscribeOptions = { qos: 0 }
    const subscription = await broker.subscribe('t', less)

    await broker.publish('t', message('x'))

    expect((await take(subscription, 1))[0]?.origin).toMatchObject({ qos: 0 })
  })
})

test('no more than inFlight publishes wait for their acknowledgement', async () => {
  const client = await connectAsync(server.url, { protocolVersion: 5 })
  await using broker = mqtt({ client, prefix: own(), inFlight: 3 })
  let [waiting, most] = [0, 0]
  client.on('packetsend', packet => {
    if (packet.cmd === 'publish') most = Math.max(most, ++waiting)
  })
  client.on('packetreceive', packet => {
    if (packet.cmd === 'puback') waiting--
  })

  await broker.publish('t', numbered(40))

  expect(most).toBe(3)
  await client.endAsync()
})

test('a named session is there again within its sessionExpiry, and not after it', async () => {
  const prefix = own()
  const open = () => mqtt({ url: server.url, prefix, clientId: prefix, sessionExpiry: 1000 })
  await using publisher = mqtt({ url: server.url, prefix, mandatory: true })
  const first = open()
  await first.subscribe('t', { group: 'g' })
  await first.close()

  await publisher.publish('t', message('within'))
  const second = open()
  const [delivery] = await take(await second.subscribe('t', { group: 'g' }), 1)
  await second.close()

  expect(text(delivery!.message)).toBe('within') // one was taken
  // The server lets sessions go when it comes to it: until then there is one who takes what is published.
  await expect
    .poll(() => publisher.publish('t', message('after')).catch((error: unknown) => error), { timeout: 10_000 })
    .toMatchObject({ failures: [{ error: { code: 'NO_ROUTE' } }] })
})

describe('MQTT 3.1.1', () => {
  test('the envelope is the one that is documented, and one like it can be read', async () => {
    const prefix = own()
    await using broker = mqtt({ url: server.url, prefix, version: '3.1.1' })
    const subscription = await broker.subscribe('t', { group: 'g' })
    const client = await connectAsync(server.url)
    await client.subscribeAsync(`${prefix}/t/t`, { qos: 1 })
    const raw = new Promise<Buffer>(resolve => client.once('message', (_, payload) => resolve(payload)))
    const sent = message(new Uint8Array([0, 255]), { key: 'k', metadata: { color: 'grün' } })

    await broker.publish('t', sent)
    const envelope = JSON.parse((await raw).toString()) as Record<string, unknown>
    const [ours] = await take(subscription, 1)
    const copy = { v: 1, id: 'other', key: 'k2', metadata: { a: 'b' }, payload: Buffer.from('hi').toString('base64') }
    await client.publishAsync(`${prefix}/t/t`, JSON.stringify(copy), { qos: 1 })
    const [other] = await take(subscription, 1)

    expect(envelope).toMatchObject({ v: 1, id: sent.id, key: 'k', metadata: { color: 'grün' }, payload: 'AP8=' })
    expect(ours?.message).toMatchObject({ id: sent.id, key: 'k' })
    expect(text(other!.message)).toBe('hi') // one was taken
    expect(other?.message).toMatchObject({ id: 'other', key: 'k2', metadata: { a: 'b' } })
    await client.endAsync()
  })

  test('both versions read one another', async () => {
    const prefix = own()
    await using five = mqtt({ url: server.url, prefix })
    await using three = mqtt({ url: server.url, prefix, version: '3.1.1' })
    const [atFive, atThree] = [await five.subscribe('t'), await three.subscribe('t')]

    await three.publish('t', message('from 3.1.1', { key: 'k' }))

    for (const at of [atFive, atThree]) {
      const [delivery] = await take(at, 1)
      expect(text(delivery!.message)).toBe('from 3.1.1') // one was taken
      expect(delivery?.message.key).toBe('k')
    }
  })
})

test('the server is told of a ttl, in seconds', async () => {
  const prefix = own()
  await using broker = mqtt({ url: server.url, prefix })
  const client = await connectAsync(server.url, { protocolVersion: 5 })
  await client.subscribeAsync(`${prefix}/t/t`, { qos: 1 })
  const packet = new Promise<IPublishPacket>(resolve => client.once('message', (_, __, got) => resolve(got)))

  await broker.publish('t', message('x'), { ttl: 5000 })

  expect((await packet).properties?.messageExpiryInterval).toBe(5)
  await client.endAsync()
})

describe("another producer's", () => {
  test.each([
    ['bytes that are no text', Buffer.from([0xff, 0xfe, 0x00, 0xc3, 0x28]), undefined],
    ['nothing at all', Buffer.alloc(0), undefined],
    ['a mebibyte', Buffer.alloc(1024 * 1024, 7), undefined],
    ['an envelope cut short', Buffer.from('{"v":1,"id":"x","payload":"aGk'), undefined],
    ['the same property twice', Buffer.from('x'), { same: ['1', '2'] }],
    ['our own properties, bent', Buffer.from('x'), { 'millrace-time': 'noon', 'millrace-attempt': '-1' }],
    ['a key that no metadata has', Buffer.from('x'), { 'with space': '1', ok: '2' }],
  ] as const)('%s arrive as they are, and hold up nothing', async (_, payload, userProperties) => {
    const prefix = own()
    await using broker = mqtt({ url: server.url, prefix })
    const subscription = await broker.subscribe('t', { group: 'g' })
    const client = await connectAsync(server.url, { protocolVersion: 5 })

    await client.publishAsync(`${prefix}/t/t`, payload, {
      qos: 1,
      ...(userProperties && { properties: { userProperties: userProperties as Record<string, string | string[]> } }),
    })
    await broker.publish('t', message('{"own":true}'))

    const [foreign, ours] = await take(subscription, 2)
    expect(Buffer.from(foreign!.message.payload).equals(payload)).toBe(true) // two were taken
    expect(foreign?.message.id).not.toBe('')
    expect(foreign?.attempt).toBe(1)
    expect(json(ours!.message)).toEqual({ own: true }) // two were taken
    await client.endAsync()
  })

  test('topic that no topic of ours has is a name with what it may have', async () => {
    const name = own()
    await using broker = mqtt({ url: server.url, names: 'native', prefix: name })
    const subscription = await broker.subscribe(pattern(`${name}.**`))
    const client = await connectAsync(server.url)

    await client.publishAsync(`${name}/küche/Licht 1`, 'an', { qos: 1 })

    const [delivery] = await take(subscription, 1)
    expect(delivery?.topic).toBe(`${name}.k_che.Licht_1`)
    expect(delivery?.origin).toMatchObject({ topic: `${name}/küche/Licht 1` })
    await client.endAsync()
  })
})

test('a payload over the limit is TOO_LARGE before it is sent, and the connection stays', async () => {
  await using broker = mqtt({ url: server.url, prefix: own(), maxBytes: 1000 })
  const subscription = await broker.subscribe('t', { group: 'g' })

  await expect(broker.publish('t', message(new Uint8Array(1001)))).rejects.toMatchObject({ code: 'TOO_LARGE' })
  await broker.publish('t', message(new Uint8Array(1000)))

  expect((await take(subscription, 1))[0]?.message.payload.length).toBe(1000)
})
