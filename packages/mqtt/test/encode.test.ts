import { message, tombstone } from 'millrace'
import type { IPublishPacket } from 'mqtt'
import { expect, test } from 'vitest'
import { fromMqtt, toMqtt } from '../src/encode.ts'
import type { Wire } from '../src/encode.ts'

function packet(payload: Buffer, properties?: IPublishPacket['properties']): IPublishPacket {
  return { cmd: 'publish', topic: 'a', qos: 1, dup: false, retain: false, payload, ...(properties && { properties }) }
}

test.each([
  ['properties', 5],
  ['envelope', 4],
] as const)('a message comes back as it went: %s', (wire: Wire, version) => {
  const metadata = { lines: 'a\r\nb', constructor: 'x', snow: '☃', empty: '' }
  const sent = message(new Uint8Array([0, 255, 7]), { key: 'k\u0001\0', metadata })

  const { payload, properties } = toMqtt(sent, { time: 5, attempt: 3 }, wire, version)
  const { message: read, stamp } = fromMqtt(packet(payload, properties), 'a')

  expect({ ...read, payload: [...read.payload], metadata: { ...read.metadata } }).toEqual({
    id: sent.id,
    key: 'k\u0001\0',
    payload: [0, 255, 7],
    metadata,
  })
  expect(stamp).toMatchObject({ time: 5, attempt: 3 })
})

test('a tombstone stays one', () => {
  const { payload, properties } = toMqtt(tombstone('gone'), {}, 'properties', 5)

  expect(fromMqtt(packet(payload, properties), 'a').message).toMatchObject({ key: 'gone', tombstone: true })
})

test('what another producer sent is taken as it is, with the same id each time', () => {
  const strange = packet(Buffer.from('{"v":1,"id":'), { userProperties: { 'bad key': 'x', two: ['1', '2'] } })

  const [first, again] = [fromMqtt(strange, 'a').message, fromMqtt(strange, 'a').message]

  expect(again.id).toBe(first.id)
  expect(Buffer.from(first.payload).toString()).toBe('{"v":1,"id":')
  expect({ ...first.metadata }).toEqual({ two: '1' })
})

test.each([
  ['an id and a time', { 'millrace-id': 'a-1', 'millrace-time': '5' }, { id: 'a-1', time: 5 }],
  ['an id that is to be cleaned', { 'millrace-id': 'a\0b', 'millrace-time': '5' }, { id: 'ab', time: 5 }],
  ['no time', { 'millrace-id': 'a-1' }, { id: 'a-1', time: undefined }],
  ['a time that is none', { 'millrace-id': 'a-1', 'millrace-time': '5s' }, { id: 'a-1', time: undefined }],
  ['an id twice', { 'millrace-id': ['a-1', 'b'], 'millrace-time': '5' }, { id: 'a-1', time: 5 }],
  ['a property beside', { 'millrace-id': 'a-1', 'millrace-time': '5', x: '1' }, { id: 'a-1', time: 5, x: '1' }],
])('properties are read whole, whatever they are: %s', (_, userProperties, { id, time, ...metadata }) => {
  const { message: read, stamp } = fromMqtt(packet(Buffer.from('p'), { userProperties }), 'a')

  expect(read.id).toBe(id)
  expect(stamp.time).toBe(time)
  expect({ ...read.metadata }).toEqual(metadata)
})

test('a small payload is a copy: it would pin all that was read with it', () => {
  const chunk = Buffer.alloc(1000, 'c')
  const userProperties = { 'millrace-id': 'a-1', 'millrace-time': '5' }

  const { message: read } = fromMqtt(packet(chunk.subarray(100, 200), { userProperties }), 'a')
  chunk.fill('x')

  expect(Buffer.from(read.payload).toString()).toBe('c'.repeat(100))
})

test.each([
  ['plain', 'k'.repeat(65_536)],
  ['in three bytes each', '☃'.repeat(21_846)],
  ['to be escaped', '\u0001'.repeat(11_000)],
])('a key that fits no string of MQTT is refused, one that just does is not: %s', (_, key) => {
  expect(() => toMqtt(message('x', { key }), {}, 'properties', 5)).toThrow(
    expect.objectContaining({ code: 'TOO_LARGE' }),
  )
  expect(() => toMqtt(message('x', { key: key.slice(100) }), {}, 'properties', 5)).not.toThrow()
})
