import { PassThrough, Writable } from 'node:stream'
import type { MqttClient } from 'mqtt'
import { generate, parser } from 'mqtt-packet'
import type { Packet } from 'mqtt-packet'
import { expect, test } from 'vitest'
import { PacketReader } from '../src/packet-reader.ts'

/** A connection that a client reads, now or a moment later, and what became of each packet: read past the client, or by it. */
function reading({ later = false, properties = {}, version = 5 as 4 | 5 } = {}) {
  const stream = new PassThrough()
  const told: string[] = []
  const own = parser({ protocolVersion: version })
  own.on('packet', packet => told.push(`its ${name(packet)}`))
  own.on('error', error => told.push(`its ${error.message}`))
  stream.pipe(
    new Writable({
      write(chunk: Buffer, _encoding, done) {
        own.parse(chunk)
        if (later) setImmediate(done)
        else done()
      },
    }),
  )
  const client = { stream, options: { protocolVersion: version, properties } } as unknown as MqttClient
  void new PacketReader(client, {
    publish: packet => void told.push(name(packet as unknown as Packet)),
    puback: (id, reason) => id < 100 && told.push(`puback ${id} ${reason}`) > 0,
  })
  return { stream, told }
}

function name(packet: Packet): string {
  if (packet.cmd !== 'publish') return packet.cmd
  return `${packet.topic} ${packet.messageId ?? ''} ${packet.payload.length}`
}

const publish = (topic: string, messageId: number, extra: object = {}): Buffer =>
  generate(
    { cmd: 'publish', topic, messageId, payload: 'body', qos: 1, dup: false, retain: false, ...extra } as Packet,
    {
      protocolVersion: 5,
    },
  )
const pong = generate({ cmd: 'pingresp' })
const turns = async (): Promise<void> => {
  for (let i = 0; i < 100; i++) await new Promise(resolve => setImmediate(resolve))
}

test('publishes at QoS 1 are read past the client, all else by it, in their order', async () => {
  for (const later of [false, true]) {
    const { stream, told } = reading({ later })

    stream.write(
      Buffer.concat([
        pong,
        publish('a', 1),
        publish('b', 2, { qos: 2 }),
        publish('c', 3),
        pong,
        pong,
        publish('d', 4, { properties: { contentType: 'text' } }),
        publish('e', 5, { properties: { userProperties: { id: 'x' } } }),
        publish('f', 6, { payload: Buffer.alloc(70_000) }),
        publish('g', 7),
      ]),
    )
    await turns()

    const all = ['its pingresp', 'a 1 4', 'its b 2 4', 'c 3 4', 'its pingresp', 'its pingresp', 'its d 4 4', 'e 5 4']
    expect(told).toEqual([...all, 'its f 6 70000', 'g 7 4'])
  }
})

test('a PUBACK is read past the client where it is for something that was written past it', async () => {
  const { stream, told } = reading()
  const puback = (messageId: number, extra: object = {}): Buffer =>
    generate({ cmd: 'puback', messageId, ...extra } as Packet, { protocolVersion: 5 })

  stream.write(Buffer.concat([puback(1), puback(100), puback(99, { reasonCode: 16 }), Buffer.from([0x40, 2, 0])]))
  stream.write(Buffer.concat([Buffer.from([98]), Buffer.from([0x40, 3, 0, 97, 0x87]), pong, Buffer.from([0x40, 1, 0])]))
  await turns()

  expect(told).toEqual([
    'puback 1 0',
    'its puback',
    'puback 99 16',
    'puback 98 0',
    'puback 97 135',
    'its pingresp',
    'its puback',
  ])
})

test('however what comes is cut to pieces, it is read the same', async () => {
  const cut = async (of: readonly Buffer[], sizes: readonly number[], all: readonly string[]): Promise<void> => {
    const bytes = Buffer.concat(of)
    for (const size of sizes)
      for (const later of [false, true]) {
        const { stream, told } = reading({ later })
        for (let at = 0; at < bytes.length; at += size) stream.write(bytes.subarray(at, at + size))
        for (let i = 0; i < 100 && told.length < all.length; i++) await turns()
        expect([size, later, told]).toEqual([size, later, all])
      }
  }
  const few = [
    publish('a', 1, { payload: Buffer.alloc(200) }),
    pong,
    publish('b', 2, { qos: 2, payload: Buffer.alloc(300) }),
    publish('c', 3),
  ]
  const large = [publish('d', 4, { payload: Buffer.alloc(20_000) }), publish('e', 5, { payload: Buffer.alloc(65_600) })]

  await cut(few, [1, 2, 3, 5, 7, 64, 211], ['a 1 200', 'its pingresp', 'its b 2 300', 'c 3 4'])
  await cut([...large, ...few], [1021, 16_384, 65_536], ['d 4 20000', 'its e 5 65600', 'a 1 200', 'its pingresp', 'its b 2 300', 'c 3 4']) // prettier-ignore
})

test('many small packets of both kinds in one piece exhaust no stack', async () => {
  const { stream, told } = reading()

  stream.write(Buffer.concat(Array.from({ length: 20_000 }, (_, i) => (i % 2 === 0 ? publish('a', 1) : pong))))
  await turns()

  expect(told).toHaveLength(20_000)
  expect(told.slice(-2)).toEqual(['a 1 4', 'its pingresp'])
})

test('what is no packet the client tells', async () => {
  const { stream, told } = reading()

  stream.write(Buffer.concat([publish('a', 1), Buffer.from([0x32, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01])]))
  stream.write(publish('b', 2))
  await turns()

  expect(told.slice(0, 2)).toEqual(['a 1 4', 'its Invalid variable byte integer'])
  expect(told).not.toContain('b 2 4')
})

test('where the user has bounded what a packet may have, or the client reads otherwise, it reads all', async () => {
  const { stream, told } = reading({ properties: { maximumPacketSize: 1000 } })
  const other = { stream: new PassThrough(), options: {} } as unknown as MqttClient

  stream.write(publish('a', 1))
  expect(() => new PacketReader(other, {})).not.toThrow()
  await turns()

  expect(told).toEqual(['its a 1 4'])
})
