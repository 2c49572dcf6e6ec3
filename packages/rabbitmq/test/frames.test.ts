import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { ACK_SIZE, boundOf, writeAck, writePublish } from '../src/frames.ts'
import type { PublishFields } from '../src/frames.ts'

/** The client's own writers, which it keeps to itself. */
const require = createRequire(import.meta.url)
const lib = join(dirname(require.resolve('amqplib')), 'lib')
const { encodeMethod, encodeProperties } = require(join(lib, 'defs.js')) as {
  encodeMethod: (method: number, channel: number, fields: object) => Buffer
  encodeProperties: (id: number, channel: number, size: number, fields: object) => Buffer
}
const { makeBodyFrame } = require(join(lib, 'frame.js')) as {
  makeBodyFrame: (channel: number, payload: Buffer) => Buffer
}
const BASIC_PUBLISH = (60 << 16) | 40
const BASIC_ACK = (60 << 16) | 80

function theirs({ exchange, key, payload, mandatory, headers, expiration, priority }: PublishFields): Buffer {
  const content = Buffer.from(payload)
  const properties = {
    headers,
    deliveryMode: 2,
    ...(priority !== undefined && { priority }),
    ...(expiration !== undefined && { expiration: String(expiration) }),
  }
  return Buffer.concat([
    encodeMethod(BASIC_PUBLISH, 513, { exchange, routingKey: key, mandatory, ticket: 0 }),
    encodeProperties(60, 513, content.length, properties),
    ...(content.length > 0 ? [makeBodyFrame(513, content)] : []),
  ])
}

const long = 'long '.repeat(30)
const plain = { exchange: 'millrace', key: 'orders.created', payload: Buffer.from('body'), mandatory: true }

test.each<readonly [string, PublishFields]>([
  ['the usual', { ...plain, headers: { 'millrace-id': 'one', 'millrace-time': '5' } }],
  ['no payload', { ...plain, payload: new Uint8Array(0), mandatory: false, headers: {} }],
  ['a payload of all octets', { ...plain, payload: Uint8Array.from({ length: 8192 }, (_, i) => i & 255), headers: {} }],
  ['an expiration', { ...plain, headers: {}, expiration: 86_400_000 }],
  ['a priority', { ...plain, headers: { a: '' }, priority: 255 }],
  ['both', { ...plain, headers: { a: 'b' }, priority: 0, expiration: 0 }],
  ['no names', { ...plain, exchange: '', key: '', headers: {} }],
  ['long names', { ...plain, exchange: 'e'.repeat(255), key: 'k'.repeat(255), headers: { ['h'.repeat(128)]: long } }],
  [
    'what is not ASCII',
    {
      ...plain,
      key: 'ключ'.repeat(30),
      headers: { é: 'a☃b', snow: `${long}☃`, '😀': '\ud800', quiet: 'a'.repeat(5000) },
    },
  ],
])('a publish is octet for octet what the client would have written: %s', (_, fields) => {
  const bound = boundOf(fields) ?? 0
  const bytes = Buffer.alloc(bound + 7)

  const end = writePublish(bytes, 7, 513, fields)

  expect(end - 7).toBeLessThanOrEqual(bound)
  expect(bytes.subarray(7, end).equals(theirs(fields))).toBe(true)
})

test('a name that is too long for AMQP is not written here', () => {
  expect(boundOf({ ...plain, key: 'k'.repeat(256), headers: {} })).toBe(undefined)
  expect(boundOf({ ...plain, key: 'ключ'.repeat(32), headers: {} })).toBe(undefined)
  expect(boundOf({ ...plain, exchange: 'e'.repeat(256), headers: {} })).toBe(undefined)
})

test.each([
  [1, false],
  [255, true],
  [2 ** 32 - 1, true],
  [2 ** 32, false],
  [Number.MAX_SAFE_INTEGER, true],
])('an acknowledgement is what the client would have written: %d, multiple %s', (deliveryTag, multiple) => {
  const bytes = Buffer.alloc(ACK_SIZE)

  expect(writeAck(bytes, 0, 513, deliveryTag, multiple)).toBe(ACK_SIZE)

  expect(bytes.equals(encodeMethod(BASIC_ACK, 513, { deliveryTag, multiple }))).toBe(true)
})
