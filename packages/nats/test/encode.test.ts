import { headers } from '@nats-io/transport-node'
import { message, tombstone } from 'millrace'
import { expect, test } from 'vitest'
import { fromNats, toNats } from '../src/encode.ts'
import type { HeaderBlock } from '../src/header-block.ts'

/** As the client hands it over: the block before the payload, its length beside it. */
function arrived(block: HeaderBlock, payload: Uint8Array): Parameters<typeof fromNats>[0] {
  const head = block.encode()
  const bytes = Buffer.concat([head, payload])
  const own = { _rdata: bytes, _msg: { hdr: head.length } }
  return { ...own, data: bytes.subarray(head.length) }
}

test('a message is read as it was written, whatever is in its metadata', () => {
  const metadata = { plain: 'x', odd: ' a\r\nb: c', empty: '', 'Nats-Msg-Id': 'no', _watermill_message_uuid: 'mine' }
  const sent = message('payload', { id: 'odd\r\nid', key: ' key ', metadata })

  const { message: read, stamp } = fromNats(arrived(toNats(sent, { time: 5, expires: 9 }, 'millrace'), sent.payload), ['s', 1]) // prettier-ignore

  expect(read).toMatchObject({ id: sent.id, key: sent.key })
  expect(Buffer.from(read.payload).toString()).toBe('payload')
  expect({ ...read.metadata }).toEqual(metadata)
  expect(stamp).toMatchObject({ time: 5, expires: 9 })
})

test.each(['one', '', ' x '])("Watermill's name for an id is metadata like any other: '%s'", uuid => {
  const sent = message('a', { id: 'one', metadata: { _watermill_message_uuid: uuid } })

  const { message: read } = fromNats(arrived(toNats(sent, {}, 'millrace'), sent.payload), ['s', 1])

  expect({ ...read.metadata }).toEqual(sent.metadata)
})

test('a tombstone stays one', () => {
  const sent = tombstone('k')

  expect(fromNats(arrived(toNats(sent, {}, 'millrace'), sent.payload), []).message).toMatchObject({ key: 'k', tombstone: true }) // prettier-ignore
})

test("the client's own headers are read where the bytes cannot be", () => {
  const theirs = headers()
  theirs.append('millrace-id', 'i')
  theirs.append('k', 'first')
  theirs.append('k', 'second')

  const { message: read } = fromNats({ data: new Uint8Array(), headers: theirs }, ['s', 1])

  expect(read.id).toBe('i')
  expect({ ...read.metadata }).toEqual({ k: 'first' })
})

test("what Watermill's headers cannot carry is refused, and steers nothing", () => {
  for (const metadata of [
    { a: 'x\r\nNats-Msg-Id: y' },
    { 'Nats-Msg-Id': 'x' },
    { 'Nats-Rollup': '' },
    { a: ' x' },
    { _watermill_message_uuid: 'y' },
  ])
    expect(() => toNats(message('', { metadata }), {}, 'watermill')).toThrow(
      expect.objectContaining({ code: 'INVALID_METADATA' }),
    )
})

test("a message without an id has one of its place's", () => {
  const bare = { data: Buffer.from('x') }

  expect(fromNats(bare, ['s', 1]).message.id).toBe(fromNats(bare, ['s', 1]).message.id)
  expect(fromNats(bare, ['s', 1]).message.id).not.toBe(fromNats(bare, ['s', 2]).message.id)
})
