import { create, toBinary } from '@bufbuild/protobuf'
import { DurationSchema, TimestampSchema } from '@bufbuild/protobuf/wkt'
import { expect, test } from 'vitest'
import { message, topic } from '../../src/index.ts'
import type { Codec } from '../../src/index.ts'
import { decodeMessage, encodeMessage, protobuf } from '../../src/protobuf.ts'

test('a generated message travels as protobuf', async () => {
  const Times = topic<{ seconds: bigint; nanos: number }>('times', { codec: protobuf(TimestampSchema) as Codec })

  const sent = await Times.message({ seconds: 7n, nanos: 9 })

  expect(sent.payload).toEqual(toBinary(TimestampSchema, create(TimestampSchema, { seconds: 7n, nanos: 9 })))
  expect(sent.metadata['content_type']).toBe('application/x-protobuf; messageType="google.protobuf.Timestamp"')
  expect(await Times.decode(sent)).toMatchObject({ seconds: 7n, nanos: 9 })
})

test('bytes that are no protobuf are undecodable', () => {
  const Durations = topic('durations', { codec: protobuf(DurationSchema) as Codec })

  expect(() => Durations.decode(message(new Uint8Array([0x0a, 0xff])))).toThrow(
    expect.objectContaining({ code: 'UNDECODABLE' }),
  )
})

test('a whole message has the documented layout, byte for byte', () => {
  const whole = message(new Uint8Array([1, 2]), { id: 'ab', metadata: { k: 'v' } })

  const bytes = encodeMessage(whole)

  // 1: "ab", 2: 01 02, 3: { 1: "k", 2: "v" }
  expect([...bytes]).toEqual([0x0a, 2, 0x61, 0x62, 0x12, 2, 1, 2, 0x1a, 6, 0x0a, 1, 0x6b, 0x12, 1, 0x76])
  expect(decodeMessage(bytes)).toEqual(whole)
})

test('fields that are not known are passed over, fields that are missing are empty', () => {
  const unknown = new Uint8Array([0x28, 5, 0x0a, 1, 0x61]) // 5: varint, then 1: "a"

  expect(decodeMessage(unknown)).toEqual({ id: 'a', payload: new Uint8Array(0), metadata: {} })
})

test.each([[[0x0a, 5, 0x61]], [[0x1a, 2, 0x0a, 9]], [[0xff]]])('%j is undecodable', bytes => {
  expect(() => decodeMessage(new Uint8Array(bytes))).toThrow(expect.objectContaining({ code: 'UNDECODABLE' }))
})
