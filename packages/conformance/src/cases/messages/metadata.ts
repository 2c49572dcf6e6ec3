import assert from 'node:assert/strict'
import type { Message } from 'millrace'
import { message } from 'millrace'
import type { Case } from '../../case.ts'
import { take } from '../../kit/reading.ts'
import { nothing } from '../../needs.ts'

const KEY_CHARACTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-'
const VALUES = [
  '',
  ' ',
  ' padded ',
  'a\r\nb\ttab',
  'grün 日本 🌊 \u{10FFFF}',
  '"quoted" \\ %00 &amp;',
  '\u0001\u007F',
  'null',
]
/** Names that a plain object has already, or that a server may take for its own. */
const AWKWARD = [
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'valueOf',
  'id',
  'content-type',
  'Host',
  '0',
  '.',
  '-',
]
/** Names that a broker, its client or another library reads: whoever cannot carry one refuses it. */
const TAKEN = [
  'CC',
  'x-delay',
  'x-death',
  'Nats-Msg-Id',
  'nats-rollup',
  'kafka-key',
  'contentType',
  'correlation-data',
  '_watermill_message_uuid',
]
const LIMIT = 8 * 1024

export const metadataPreserved: Case = {
  title: 'metadata arrives as it was given: every key character, any text, 8 KiB in all, names that objects have',
  needs: nothing,
  async run(kit) {
    const sent = [
      withMetadata(Array.from(KEY_CHARACTERS, (character, i) => [`k${i}${character}`, character])),
      withMetadata([
        [KEY_CHARACTERS, 'every character in one key'],
        ['x'.repeat(128), 'the longest key'],
      ]),
      withMetadata(VALUES.map((value, i) => [`value-${i}`, value])),
      withMetadata(AWKWARD.map(key => [key, `of ${key}`])),
      withMetadata(TAKEN.map(key => [key, `of ${key}`])),
      withMetadata(TAKEN.map(key => [key, ''])),
      withMetadata([['full', 'x'.repeat(LIMIT - 'full'.length)]]),
      message('none'),
    ]

    const subscription = await kit.filled(kit.topic(), sent, kit.group())
    const deliveries = await take(kit, subscription, sent.length)
    for (const delivery of deliveries) delivery.ack()

    for (const one of sent) {
      const got = deliveries.find(delivery => delivery.message.id === one.id)?.message
      assert.deepEqual(entries(got), entries(one))
      for (const key of AWKWARD)
        assert.equal(Object.hasOwn(got!.metadata, key), Object.hasOwn(one.metadata, key), `own property ${key}`)
    }
  },
}

function withMetadata(list: readonly (readonly [string, string])[]): Message {
  const metadata: Record<string, string> = {}
  for (const [key, value] of list)
    Object.defineProperty(metadata, key, { value, enumerable: true, writable: true, configurable: true })
  return message('x', { metadata })
}

function entries(one: Message | undefined): [string, string][] {
  return Object.entries(one?.metadata ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))
}
