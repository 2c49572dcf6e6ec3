import type { ConsumeMessage, Options } from 'amqplib'
import { message } from 'millrace'
import { expect, test } from 'vitest'
import { again, checkCarried, fromAmqp, handedOut, toAmqp } from '../src/encode.ts'

/** As the client hands it over. */
function received(content: Uint8Array, properties: Options.Publish): ConsumeMessage {
  const fields = { deliveryTag: 1, redelivered: false, exchange: 'millrace', routingKey: 'orders', consumerTag: 'c' }
  return { content: Buffer.from(content), fields, properties } as unknown as ConsumeMessage
}

test('a message comes back as it went, with what travelled with it', () => {
  const sent = message('body', {
    key: 'customer 7',
    metadata: { 'a.b-c_D': 'é', CC: 'a copy', 'x-death': 'no', __proto__x: '1', _watermill_message_uuid: 'mine' },
  })

  const { message: got, stamp } = fromAmqp(
    received(sent.payload, { headers: toAmqp(sent, { time: 5, expires: 9 }, 'millrace') }),
  )

  expect({ ...got, payload: 0 }).toEqual({ ...sent, payload: 0 })
  expect(Buffer.from(got.payload).toString()).toBe('body')
  expect(stamp).toEqual({ time: 5, expires: 9, attempt: undefined })
})

test("Watermill's name for an id is metadata like any other, and refused where it would be a second id", () => {
  const sent = message('a', { id: 'one', metadata: { _watermill_message_uuid: 'one' } })

  const { message: read } = fromAmqp(received(sent.payload, { headers: toAmqp(sent, {}, 'millrace') }))

  expect(read.metadata).toEqual(sent.metadata)
  expect(() => checkCarried([sent], 'millrace')).not.toThrow()
  expect(() => checkCarried([sent], 'watermill')).toThrow(expect.objectContaining({ code: 'INVALID_METADATA' }))
})

test('no metadata key is a header that routes copies, is the server’s, or vanishes in decoding', () => {
  const metadata: Record<string, string> = Object.create(null) as Record<string, string>
  for (const key of ['CC', 'BCC', 'x-delay', '__proto__', 'cc']) metadata[key] = key

  const headers = toAmqp({ ...message(''), metadata }, {}, 'millrace')

  expect(Object.keys(headers).sort()).toEqual(
    [
      'millrace-id',
      'millrace-x-BCC',
      'millrace-x-CC',
      'millrace-x-__proto__',
      'millrace-x-cc',
      'millrace-x-x-delay',
    ].sort(),
  )
})

test('headers of other producers become strings, whatever they were', () => {
  const headers = {
    count: 7,
    flag: true,
    bytes: Buffer.from('raw'),
    when: { '!': 'timestamp', value: 5 },
    'x-death': [{ queue: 'q' }],
    nothing: null,
    'not a key': 'left out',
  }

  const { message: got, stamp } = fromAmqp(received(Buffer.from('x'), { headers, messageId: 'm-1', timestamp: 12 }))

  expect(got.id).toBe('m-1')
  expect(got.metadata).toEqual({ count: '7', flag: 'true', bytes: 'raw', when: '{"!":"timestamp","value":5}' })
  expect(stamp.time).toBe(12_000)
})

test('a message without an id gets the same one each time, also when it comes again', () => {
  const first = received(Buffer.from('foreign'), {})
  const { id } = fromAmqp(first).message
  const second = received(Buffer.from('foreign'), again(first, { id, topic: 'orders', attempt: 2 }))
  second.fields.routingKey = 'millrace:g:orders'

  expect(fromAmqp(received(Buffer.from('foreign'), {})).message.id).toBe(id)
  expect(fromAmqp(second).message.id).toBe(id)
  expect(fromAmqp(second).stamp.attempt).toBe(2)
})

test('what comes again loses the headers that would route or count it, and its ttl', () => {
  const headers = { CC: ['elsewhere'], 'x-death': [], 'x-delivery-count': 3, own: 1 }
  const from = received(Buffer.from('x'), { headers, expiration: '5', userId: 'guest', contentType: 'text/plain' })

  const properties = again(from, { id: 'a', topic: 'orders', attempt: 4 })

  expect(handedOut(from)).toBe(3)
  expect(properties).toEqual({
    headers: { own: 1, 'millrace-id': 'a', 'millrace-topic': 'orders', 'millrace-attempt': '4' },
    contentType: 'text/plain',
    deliveryMode: 2,
  })
})

test('Watermill finds its id, the metadata as strings, and nothing else', () => {
  const sent = message('{"a":1}', { id: '6f1e9a52', key: 'k', metadata: { correlation_id: 'c-1', k: 'v é' } })

  const headers = toAmqp(sent, { time: 5 }, 'watermill')

  expect(headers).toEqual({ _watermill_message_uuid: '6f1e9a52', correlation_id: 'c-1', k: 'v é' })
  expect(fromAmqp(received(sent.payload, { headers })).message).toMatchObject({
    id: '6f1e9a52',
    metadata: { correlation_id: 'c-1', k: 'v é' },
  })
})
