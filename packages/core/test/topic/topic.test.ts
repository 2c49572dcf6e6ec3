import { type } from 'arktype'
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import { gunzipSync, gzip } from 'node:zlib'
import * as v from 'valibot'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { bytes, jsonCodec, message, publisher, text, topic, utf8 } from '../../src/index.ts'
import type { Codec, Message } from '../../src/index.ts'
import { memory } from '../../src/memory/index.ts'

interface Order {
  readonly customer: string
  readonly amount: number
}

const schemas = {
  zod: z.object({ customer: z.string(), amount: z.number().positive() }),
  valibot: v.object({ customer: v.string(), amount: v.pipe(v.number(), v.minValue(1)) }),
  arktype: type({ customer: 'string', amount: 'number > 0' }),
}

describe.each(Object.entries(schemas))('a schema of %s', (_, schema) => {
  const Orders = topic('orders', { schema, key: order => order.customer })

  test('lets a valid value through on both sides', async () => {
    const sent = await Orders.message({ customer: 'ann', amount: 3 })

    expect(sent.key).toBe('ann')
    expect(await Orders.decode(sent)).toEqual({ customer: 'ann', amount: 3 })
    expectTypeOf(await Orders.decode(sent)).toEqualTypeOf<{ customer: string; amount: number }>()
  })

  test('refuses an invalid value before it is sent, and says where', () => {
    expect(() => Orders.message({ customer: 'ann', amount: -1 })).toThrow(
      expect.objectContaining({ code: 'INVALID_PAYLOAD', message: expect.stringContaining('amount') as string }),
    )
  })

  test('refuses what another producer sent', () => {
    expect(() => Orders.decode(message('{"customer":7,"amount":1}'))).toThrow(
      expect.objectContaining({ code: 'INVALID_PAYLOAD' }),
    )
    expect(() => Orders.decode(message('not json'))).toThrow(expect.objectContaining({ code: 'UNDECODABLE' }))
  })
})

test("a schema's transforms run where the message is read, once", async () => {
  const Days = topic('days', { schema: z.object({ at: z.string().transform(day => new Date(day)) }) })

  const sent = await Days.message({ at: '2026-01-02' })

  expect(text(sent)).toBe('{"at":"2026-01-02"}')
  expect(await Days.decode(sent)).toEqual({ at: new Date('2026-01-02') })
})

test('a schema that answers later is waited for', async () => {
  const Names = topic('names', { schema: z.string().refine(async name => Promise.resolve(name !== 'eve')) })

  await expect(Promise.resolve(Names.message('ann'))).resolves.toMatchObject({
    metadata: { content_type: 'application/json' },
  })
  await expect(Promise.resolve(Names.message('eve'))).rejects.toMatchObject({ code: 'INVALID_PAYLOAD' })
})

describe('versions', () => {
  const Orders = topic('orders', {
    schema: schemas.zod,
    version: 3,
    upcast: {
      1: value => ({ ...(value as object), amount: (value as { cents: number }).cents / 100 }),
      2: value => ({ ...(value as object), customer: (value as { client: string }).client }),
    },
  })

  test('an older value is brought up step by step, then checked', async () => {
    const old = message(JSON.stringify({ client: 'ann', cents: 250 }))

    expect(await Orders.decode(old)).toEqual({ customer: 'ann', amount: 2.5 })
  })

  test('a newer value than this program knows is undecodable', async () => {
    const newer = message('{}', { metadata: { schema_version: '4' } })

    expect(() => Orders.decode(newer)).toThrow(expect.objectContaining({ code: 'UNDECODABLE' }))
  })

  test('a version without a way up is undecodable', () => {
    const Gap = topic('gap', { version: 2 })

    expect(() => Gap.decode(message('{}'))).toThrow(expect.objectContaining({ code: 'UNDECODABLE' }))
  })

  test('an option of the wrong kind, or one that there is not, is a bad option', () => {
    for (const wrong of [
      { version: 0 },
      { shema: z.string() },
      { schema: {} },
      { schema: null },
      { codec: {} },
      { codec: { ...jsonCodec, decode: undefined } },
      { key: 'id' },
      { upcast: { 1: 'x' } },
    ])
      expect(() => topic('t', wrong as never)).toThrow(expect.objectContaining({ code: 'BAD_OPTION' }))
  })
})

describe('codecs', () => {
  test('bytes and text travel as they are', async () => {
    const Raw = topic('raw', { codec: bytes as Codec })
    const Lines = topic<string>('lines', { codec: utf8 as Codec })

    expect(await Raw.decode(await Raw.message(new Uint8Array([0, 255])))).toEqual(new Uint8Array([0, 255]))
    expect(await Lines.decode(await Lines.message('\ufeffhéllo'))).toBe('\ufeffhéllo')
    expect(() => Lines.decode(message(new Uint8Array([0xff])))).toThrow(
      expect.objectContaining({ code: 'UNDECODABLE' }),
    )
    for (const none of [7 as never, 'half \ud83c'])
      expect(() => Lines.message(none)).toThrow(expect.objectContaining({ code: 'INVALID_PAYLOAD' }))
  })

  test('what JSON has no word for is refused', () => {
    const cyclic: Record<string, unknown> = {}
    cyclic['self'] = cyclic

    expect(() => topic('t').message(undefined)).toThrow(expect.objectContaining({ code: 'INVALID_PAYLOAD' }))
    expect(() => topic('t').message(cyclic)).toThrow(expect.objectContaining({ code: 'INVALID_PAYLOAD' }))
  })

  test('a compressing and an encrypting wrapper are codecs too, and say in the metadata what they did', async () => {
    const secret = randomBytes(32)
    const Orders = topic<Order>('orders', { codec: encrypted(compressed(jsonCodec), secret) })
    const order = { customer: 'x'.repeat(1000), amount: 1 }

    const sent: Message = await Orders.message(order)

    expect(sent.payload.length).toBeLessThan(200)
    expect(sent.metadata).toMatchObject({ content_encoding: 'gzip', encryption: 'aes-256-gcm' })
    expect(await Orders.decode(sent)).toEqual(order)
    await expect(
      Promise.resolve(Orders.decode({ ...sent, payload: new Uint8Array(sent.payload.length) })),
    ).rejects.toMatchObject({ code: 'UNDECODABLE' })
  })
})

test('a publisher sends the values of its topic', async () => {
  await using broker = memory()
  const Orders = topic('orders', { schema: schemas.zod, key: order => order.customer })
  await using subscription = await broker.subscribe(Orders.name, { group: 'g' })
  const orders = publisher(broker, Orders)

  await orders.publish({ customer: 'ann', amount: 1 }, { key: 'other', metadata: { a: 'b' } })
  await orders.publishAll([
    { customer: 'bob', amount: 2 },
    { customer: 'cid', amount: 3 },
  ])

  const first = await subscription.receive()
  expect(first.message).toMatchObject({ key: 'other', metadata: { a: 'b' } })
  const second = await subscription.receive()
  expect(await Orders.decode(second.message)).toEqual({ customer: 'bob', amount: 2 })
  for (const delivery of [first, second]) delivery.ack()
  await expect(orders.publishAll([{ customer: 'dan', amount: -1 }])).rejects.toMatchObject({ code: 'INVALID_PAYLOAD' })
})

function compressed(inner: Codec): Codec {
  return {
    contentType: inner.contentType,
    async encode(value, context) {
      const plain = await inner.encode(value, context)
      context.metadata['content_encoding'] = 'gzip'
      return promisify(gzip)(plain)
    },
    decode: (payload, context) => inner.decode(gunzipSync(payload), context),
  }
}

function encrypted(inner: Codec, secret: Uint8Array): Codec {
  return {
    contentType: inner.contentType,
    async encode(value, context) {
      const plain = await inner.encode(value, context)
      const nonce = randomBytes(12)
      const cipher = createCipheriv('aes-256-gcm', secret, nonce)
      context.metadata['encryption'] = 'aes-256-gcm'
      const sealed = Buffer.concat([cipher.update(plain), cipher.final()])
      return Buffer.concat([nonce, cipher.getAuthTag(), sealed])
    },
    async decode(payload, context) {
      const decipher = createDecipheriv('aes-256-gcm', secret, payload.subarray(0, 12))
      decipher.setAuthTag(payload.subarray(12, 28))
      return inner.decode(Buffer.concat([decipher.update(payload.subarray(28)), decipher.final()]), context)
    },
  }
}
