import { parser } from 'mqtt-packet'
import type { Packet } from 'mqtt-packet'
import { expect, test } from 'vitest'
import { ACK_SIZE, measurePublish, writeAck, writePublish } from '../src/packets.ts'
import type { PublishFields } from '../src/packets.ts'

/** What the client's own parser makes of it; nothing may be left over. */
function read(bytes: Buffer, version: 4 | 5): Packet[] {
  const own = parser({ protocolVersion: version })
  const packets: Packet[] = []
  own.on('packet', packet => packets.push(packet))
  own.on('error', error => expect.unreachable(String(error)))
  expect(own.parse(bytes)).toBe(0)
  return packets
}

function bytesOf(fields: PublishFields, version: 4 | 5): Buffer {
  const size = measurePublish(fields, version)
  const bytes = Buffer.alloc(size.head + fields.payload.length)
  expect(writePublish(bytes, 0, 513, { fields, size, version })).toBe(size.head)
  fields.payload.copy(bytes, size.head)
  return bytes
}

const long = 'long '.repeat(20)

test.each([
  ['nothing but a topic', { topic: 'a', payload: Buffer.alloc(0), options: { qos: 1 } }],
  ['a long topic that is not ASCII', { topic: `${long}☃`, payload: Buffer.from('x'), options: { qos: 1 } }],
  ['a retained one', { topic: 'a', payload: Buffer.from('x'), options: { qos: 1, retain: true } }],
  [
    'properties',
    {
      topic: 'a/b',
      payload: Buffer.alloc(200, 1),
      options: {
        qos: 1,
        properties: {
          messageExpiryInterval: 4_000_000_000,
          userProperties: { id: 'é', snow: 'a☃b', [long]: `${long}é` },
        },
      },
    },
  ],
  [
    'properties of more than 127 bytes, payload of more than 16,383',
    {
      topic: 'a/b',
      payload: Buffer.alloc(20_000, 1),
      options: { qos: 1, properties: { userProperties: { a: 'x'.repeat(126), b: 'y'.repeat(20_000) } } },
    },
  ],
] as const)('a PUBLISH is read as it was meant, by MQTT 5 and without its properties by 3.1.1: %s', (_, fields) => {
  const { topic, payload, options } = fields as PublishFields
  const expected = {
    cmd: 'publish',
    topic,
    payload,
    qos: 1,
    dup: false,
    retain: options.retain ?? false,
    messageId: 513,
  }

  const [five] = read(bytesOf(fields, 5), 5)
  const [four] = read(bytesOf(fields, 4), 4)

  expect(five).toMatchObject(expected)
  expect({ ...five }).toHaveProperty('length', bytesOf(fields, 5).length - lengthOfHeader(bytesOf(fields, 5)))
  const { userProperties, ...properties } = (five as { properties?: Record<string, unknown> }).properties ?? {}
  expect({ ...(userProperties as object) }).toEqual(options.properties?.userProperties ?? {})
  expect(properties.messageExpiryInterval).toBe(options.properties?.messageExpiryInterval)
  expect(four).toMatchObject(expected)
  expect(four).not.toHaveProperty('properties')
})

test.each(['puback', 'pubrec'] as const)('a %s is read as it was meant', cmd => {
  const bytes = Buffer.alloc(ACK_SIZE)

  expect(writeAck(bytes, 0, cmd, 65_534)).toBe(ACK_SIZE)

  for (const version of [4, 5] as const) expect(read(bytes, version)).toMatchObject([{ cmd, messageId: 65_534 }])
})

/** Type and remaining length. */
function lengthOfHeader(bytes: Buffer): number {
  let end = 1
  while (bytes[end++]! & 0x80);
  return end
}
