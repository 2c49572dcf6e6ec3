import { generate, parser } from 'mqtt-packet'
import type { Packet } from 'mqtt-packet'
import { expect, test } from 'vitest'
import { ACK_SIZE, endOf, isPublish, measurePublish, readPublish, writeAck, writePublish } from '../src/packets.ts'
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

const usual = {
  cmd: 'publish',
  topic: 'a/b',
  payload: Buffer.from('x'),
  qos: 1,
  dup: false,
  retain: false,
  messageId: 513,
}

test.each([
  ['the usual', { properties: { userProperties: { 'millrace-id': 'one', 'millrace-time': '5' } } }],
  ['no properties', {}],
  ['no payload', { payload: Buffer.alloc(0) }],
  ['flags', { dup: true, retain: true, messageId: 65_535 }],
  ['an expiry', { properties: { messageExpiryInterval: 4_000_000_000 } }],
  ['an expiry of none', { properties: { messageExpiryInterval: 0, userProperties: { é: 'a☃b', empty: '' } } }],
  [
    'a long topic and properties of more than 127 bytes',
    { topic: `${long}☃`, properties: { userProperties: { [long]: `${long}é` } } },
  ],
  ['a payload of more than 16,383', { payload: Buffer.alloc(40_000, 1) }],
] as const)('a received PUBLISH is read as the client reads it, by either version: %s', (_, extra) => {
  for (const version of [4, 5] as const) {
    const bytes = generate({ ...usual, ...extra } as Packet, { protocolVersion: version })
    const end = endOf(Buffer.concat([Buffer.alloc(3), bytes]), 3)
    const [theirs] = read(bytes, version)

    const ours = readPublish(Buffer.concat([Buffer.alloc(3), bytes, bytes]), 3, { end: end ?? 0, version })

    expect(end).toBe(bytes.length + 3)
    expect(isPublish(bytes[0])).toBe(true)
    const { topic, payload, qos, dup, retain, messageId, properties } = theirs as Packet & { cmd: 'publish' }
    const { expiry, userProperties } = { expiry: properties?.messageExpiryInterval, ...properties }
    expect(ours).toEqual({
      cmd: 'publish',
      topic,
      payload,
      qos,
      dup,
      retain,
      messageId,
      properties: properties && {
        ...(userProperties && { userProperties: { ...userProperties } }),
        ...(expiry !== undefined && { messageExpiryInterval: expiry }),
      },
    })
  }
})

test.each([
  ['another property', { properties: { contentType: 'text', userProperties: { a: 'b' } } }],
  ['one twice', { properties: { userProperties: { a: ['b', 'c'] } } }],
  ['a name that objects have', { properties: { userProperties: JSON.parse('{ "__proto__": "b" }') as object } }],
  ['another', { properties: { userProperties: { toString: 'b' } } }],
  ['an alias for a topic', { topic: '', properties: { topicAlias: 1 } }],
  ['more properties than two bytes of length tell', { properties: { userProperties: { a: 'b'.repeat(20_000) } } }],
])('a PUBLISH with %s is left to the client', (_, extra) => {
  const bytes = generate({ ...usual, ...extra } as Packet, { protocolVersion: 5 })

  expect(readPublish(bytes, 0, { end: bytes.length, version: 5 })).toBe(undefined)
})

test('a PUBLISH that is cut off or corrupt never reads beyond its end', () => {
  const properties = { messageExpiryInterval: 1, userProperties: { a: 'b', c: 'd' } }
  const bytes = generate({ ...usual, properties } as Packet, { protocolVersion: 5 })
  const long = Buffer.concat([bytes, Buffer.alloc(70_000, 0x41)])

  for (let end = 2; end < bytes.length; end++) {
    const some = readPublish(long, 0, { end, version: 5 })
    // Its payload alone may be shorter.
    if (some) expect([end, some.payload.length]).toEqual([bytes.length - 1, 0])
  }
  for (let at = 2; at < bytes.length; at++)
    for (const value of [0, 1, 0x26, 0x7f, 0x80, 0xff]) {
      const corrupt = Buffer.from(bytes)
      corrupt[at] = value
      expect(() => readPublish(corrupt, 0, { end: corrupt.length, version: 5 })).not.toThrow()
    }
  expect(readPublish(Buffer.from([0x32, 5, 0, 1, 0x61, 0, 0, 0]), 0, { end: 7, version: 4 })).toBe(undefined)
  expect([0x30, 0x34, 0x3a, 0x3b, 0x33, undefined].map(isPublish)).toEqual([false, false, true, true, true, false])
  expect(endOf(Buffer.from([0x32, 0x80]), 0)).toBe(undefined)
  expect(endOf(Buffer.from([0x32, 0x80, 0x80, 0x80, 0x80, 1]), 0)).toBe(undefined)
})
