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
  const sent = message(new Uint8Array([0, 255, 7]), { key: 'k\u0001', metadata })

  const { payload, properties } = toMqtt(sent, { time: 5, attempt: 3 }, wire, version)
  const { message: read, stamp } = fromMqtt(packet(payload, properties), 'a')

  expect({ ...read, payload: [...read.payload], metadata: { ...read.metadata } }).toEqual({
    id: sent.id,
    key: 'k\u0001',
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
