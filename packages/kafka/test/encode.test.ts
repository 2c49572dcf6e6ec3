import { isMillraceError, message, tombstone } from 'millrace'
import { describe, expect, test } from 'vitest'
import { checkCarried, fromRecord, keyBytes, toRecord } from '../src/encode.ts'
import type { OutRecord } from '../src/encode.ts'
import type { InRecord } from '../src/record-batch.ts'

const PLACE = ['t', 0, 7] as const
const header = (name: string, value: string | Buffer): [Buffer, Buffer] => [Buffer.from(name), Buffer.from(value)]
/** As the server gives back what was sent. */
function stored({ key, value, headers }: OutRecord): InRecord {
  return { key: key ?? null, value: value ?? null, headers: [...headers] }
}

describe('our own records', () => {
  test('a message comes back as it went', () => {
    const sent = message('payload', {
      id: '\ufeffid',
      key: 'käse',
      metadata: { a: '1', b: '', mark: '\ufeffbom', _watermill_message_uuid: 'mine' },
    })

    const { message: read, stamp } = fromRecord(stored(toRecord(sent, { time: 5, expires: 9 }, 'millrace')), PLACE)

    expect(read).toEqual({ ...sent, payload: Buffer.from('payload') })
    expect(stamp.expires).toBe(9)
  })

  test.each([
    [{ 'kafka-key': 'mine' }, undefined],
    [{ 'kafka-key': '' }, 'k'],
    [{ 'kafka-key': 'latin1' }, undefined],
    [{ 'kafka-key': 'latin1' }, 'ascii'],
    [{ 'kafka-key': 'latin1' }, 'Ã©'],
    [{ 'kafka-key': 'latin1' }, '€'],
    [{ 'kafka-key': 'latin1' }, 'é'],
  ])('metadata %o beside the key %o comes back, and so does the key', (metadata, key) => {
    const sent = message('a', { metadata, ...(key !== undefined && { key }) })

    for (const wire of ['millrace', 'watermill'] as const) {
      const { message: read } = fromRecord(stored(toRecord(sent, { time: 5 }, wire)), PLACE)

      expect({ key: read.key, metadata: read.metadata }).toEqual({ key, metadata })
    }
  })

  test("Watermill's name for an id is metadata like any other, also where it is the message's own id", () => {
    const sent = message('a', { id: 'one', metadata: { _watermill_message_uuid: 'one' } })

    const { message: read } = fromRecord(stored(toRecord(sent, { time: 5 }, 'millrace')), PLACE)

    expect(read.metadata).toEqual(sent.metadata)
  })

  test('a tombstone is a null value, an empty payload is not', () => {
    expect(toRecord(tombstone('k'), { time: 0 }, 'millrace').value).toBe(undefined)
    expect(toRecord(message('', { key: 'k' }), { time: 0 }, 'millrace').value).toHaveLength(0)
  })

  test('neither key nor time is said twice', () => {
    const names = [...toRecord(message('a', { key: 'k' }), { time: 5 }, 'millrace').headers.keys()].map(String)

    expect(names).toEqual(['millrace-id'])
  })
})

describe("others' records", () => {
  test('without an id it gets one of its place, the same each time', () => {
    const record: InRecord = { key: null, value: Buffer.from('a'), headers: [] }

    const first = fromRecord(record, PLACE).message
    const second = fromRecord(record, PLACE).message
    const other = fromRecord(record, ['t', 0, 8]).message

    expect(first.id).toBe(second.id)
    expect(first.id).not.toBe(other.id)
    expect(first.key).toBe(undefined)
  })

  test('headers that are no text, have no value or no legal name make nothing unreadable', () => {
    const headers: InRecord['headers'] = [
      header('fine', 'yes'),
      header('bytes', Buffer.from([0xff, 0x00])),
      [Buffer.from('none'), null],
      [null, Buffer.from('nameless')],
      header('no good', 'x'),
      header('millrace-expires', 'never'),
    ]

    const { message: read, stamp } = fromRecord({ key: null, value: null, headers }, PLACE)

    expect(read.metadata).toEqual({ fine: 'yes', bytes: '\ufffd' })
    expect(read.tombstone).toBe(true)
    expect(stamp.expires).toBe(undefined)
  })

  test('an id that is no text is undecodable', () => {
    const record: InRecord = { key: null, value: null, headers: [header('millrace-id', Buffer.from([0xff]))] }

    const thrown = (() => {
      try {
        return fromRecord(record, PLACE)
      } catch (error) {
        return error
      }
    })()

    expect(isMillraceError(thrown, 'UNDECODABLE')).toBe(true)
  })

  test('any key of bytes goes out as the same bytes', () => {
    for (let round = 0; round < 500; round++) {
      const key = Buffer.from(Array.from({ length: round % 9 }, (_, i) => (round * 31 + i * 97 + round * i) % 256))

      const { message: read } = fromRecord({ key, value: null, headers: [] }, PLACE)

      expect(keyBytes(read)).toEqual(key)
    }
  })
})

describe("Watermill's records", () => {
  test('have its header for the id, the metadata beside it, and nothing of ours', () => {
    const sent = message('a', { metadata: { correlation_id: 'c' } })
    const record = toRecord(sent, { time: 5 }, 'watermill')

    expect([...record.headers].map(([name, value]) => [String(name), String(value)])).toEqual([
      ['_watermill_message_uuid', sent.id],
      ['correlation_id', 'c'],
    ])
    expect(fromRecord(stored(record), PLACE).message).toEqual({ ...sent, payload: Buffer.from('a') })
  })
  test('refuse metadata that would be a second id', () => {
    const sent = message('a', { metadata: { _watermill_message_uuid: 'another' } })

    expect(() => checkCarried([sent], 'watermill')).toThrow(expect.objectContaining({ code: 'INVALID_METADATA' }))
    expect(() => checkCarried([sent], 'millrace')).not.toThrow()
  })
})
