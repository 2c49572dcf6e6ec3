import { gzipSync } from 'node:zlib'
import { createRecordsBatch } from '@platformatic/kafka'
import { isMillraceError, message } from 'millrace'
import { describe, expect, test } from 'vitest'
import { fromRecord, plainMessage, toRecord } from '../src/encode.ts'
import { batchesIn } from '../src/record-batch.ts'
import type { InRecord, RecordBatch } from '../src/record-batch.ts'
import { logBatch } from './log-batch.ts'
import type { LogRecord } from './log-batch.ts'

const GZIP = 1
const ID = Buffer.from('millrace-id')
const text = (value: string): Buffer => Buffer.from(value)

function only(bytes: Buffer): RecordBatch {
  const [batch, ...more] = batchesIn(bytes)
  expect(more).toEqual([])
  return batch! // a test that has none fails by it
}
function all(batch: RecordBatch): (InRecord & { readonly offset: number; readonly time: number })[] {
  const read = []
  while (batch.next()) read.push({ offset: batch.offset, time: batch.time, ...batch.record() })
  return read
}
function thrownBy(work: () => unknown): unknown {
  try {
    return work()
  } catch (error) {
    return error
  }
}

describe('a batch', () => {
  const records: LogRecord[] = [
    { delta: 0, key: text('k'), value: text('v'), headers: [[text('a'), text('1')], [text('b'), null]] }, // prettier-ignore
    { delta: 3, time: -5, value: Buffer.alloc(0) },
    { delta: 200, time: 2 ** 40, key: Buffer.alloc(300, 1), value: null, headers: [[null, Buffer.alloc(9000, 2)]] },
  ]
  const read = [
    { offset: 1000, time: 70, key: text('k'), value: text('v'), headers: [[text('a'), text('1')], [text('b'), null]] }, // prettier-ignore
    { offset: 1003, time: 65, key: null, value: Buffer.alloc(0), headers: [] },
    { offset: 1200, time: 70 + 2 ** 40, key: Buffer.alloc(300, 1), value: null, headers: [[null, Buffer.alloc(9000, 2)]] }, // prettier-ignore
  ]

  test('is read record by record, with gaps, nulls, and numbers of any length', () => {
    const batch = only(logBatch({ first: 1000, records, lastDelta: 250, time: 70, producerId: 7n }))

    expect([batch.first, batch.last, batch.count, batch.producerId]).toEqual([1000, 1250, 3, 7n])
    expect(all(batch)).toEqual(read)
    expect([batch.left, batch.read]).toEqual([0, batch.bytes.length])
  })

  test('that is compressed is read the same', () => {
    const batch = only(logBatch({ first: 1000, records, time: 70, attributes: GZIP }, gzipSync))

    expect(all(batch)).toEqual(read)
  })

  test('as the client writes it comes back', () => {
    const sent = message('payload', { key: 'k', metadata: { a: '1' } })
    const written = createRecordsBatch([
      { ...toRecord(sent, { time: 5 }, 'millrace'), topic: 't', partition: 0 },
    ] as never)
    const batch = only(written.buffer)

    batch.next()

    expect(batch.time).toBe(5)
    expect(fromRecord(batch.record(), ['t']).message).toEqual({ ...sent, payload: text('payload') })
  })

  test('says whether it is a marker, or of a transaction', () => {
    const kinds = [0, 0b10000, 0b110000].map(attributes => only(logBatch({ first: 0, records, attributes })))

    expect(kinds.map(({ control, transactional }) => [control, transactional])).toEqual([
      [false, false],
      [false, true],
      [true, true],
    ])
  })

  test('of before Kafka 0.11 is refused, as is a compression that nobody knows', () => {
    const old = logBatch({ first: 0, records })
    old[16] = 1

    expect(
      isMillraceError(
        thrownBy(() => batchesIn(old)),
        'UNSUPPORTED',
      ),
    ).toBe(true)
    expect(isMillraceError(thrownBy(() => batchesIn(logBatch({ first: 0, records, attributes: 7 }))), 'UNSUPPORTED')).toBe(true) // prettier-ignore
  })
})

test('of what a fetch brought, the last batch may be cut off anywhere', () => {
  const first = logBatch({ first: 0, records: [{ delta: 0, value: text('a') }] })
  const second = logBatch({ first: 1, records: [{ delta: 0, value: text('b') }] })
  const both = Buffer.concat([first, second])

  for (let end = first.length; end < both.length; end++)
    expect(batchesIn(both.subarray(0, end)).map(batch => batch.first)).toEqual([0])
  expect(batchesIn(both).map(batch => batch.first)).toEqual([0, 1])
})

test('whatever the bytes of a batch, reading it ends, and throws nothing but UNDECODABLE', () => {
  const sound = logBatch({
    first: 0,
    records: [0, 1, 2].map(delta => ({ delta, key: text('key'), value: text('value'), headers: [[ID, text('id')]] })),
  })
  let refused = 0
  for (let round = 0; round < 3_000; round++) {
    const bytes = Buffer.from(sound)
    for (let change = 0; change < 3; change++) bytes[61 + ((round * 13 + change * 29) % (bytes.length - 61))] = (round * 7 + change * 101) % 256 // prettier-ignore

    const thrown = thrownBy(() => all(only(bytes)) && undefined)

    if (thrown !== undefined) refused++
    expect(thrown === undefined || isMillraceError(thrown, 'UNDECODABLE')).toBe(true)
  }
  expect(refused).toBeGreaterThan(100)
})

describe('a plain record', () => {
  const plain = (record: Omit<LogRecord, 'delta'>): { plain: unknown; whole: unknown } => {
    const batch = only(logBatch({ first: 0, records: [{ delta: 0, ...record }] }))
    batch.next()
    const whole = thrownBy(() => fromRecord(batch.record(), ['t', 0, 0]).message)
    return { plain: plainMessage(batch), whole }
  }
  const value = text('v')

  test.each([
    ['no key', { value, headers: [[ID, text('an-id')]] }],
    ['a key', { key: text('k'), value, headers: [[ID, text('an-id')]] }],
    ['an empty key', { key: text(''), value, headers: [[ID, text('an-id')]] }],
    ['an empty payload', { value: text(''), headers: [[ID, text('an-id')]] }],
    ['metadata', { key: text('k'), value, headers: [[text('a'), text('1')], [ID, text('an-id')], [text('b.c-d_e'), text('')]] }], // prettier-ignore
    [
      'a header twice',
      {
        value,
        headers: [
          [text('a'), text('1')],
          [ID, text('an-id')],
          [text('a'), text('2')],
        ],
      },
    ],
    [
      'its id twice',
      {
        value,
        headers: [
          [ID, text('one')],
          [ID, text('two')],
        ],
      },
    ],
    ['a long id', { value, headers: [[ID, Buffer.alloc(100, 'a')]] }],
    ['names that objects have', { value, headers: [[ID, text('a')], [text('constructor'), text('b')], [text('toString'), text('c')]] }], // prettier-ignore
    ['a payload too large to be copied', { value: Buffer.alloc(5000, 1), headers: [[ID, text('an-id')]] }],
  ] satisfies [string, Omit<LogRecord, 'delta'>][])(
    'with %s is the message that it is read the long way',
    (_, record) => {
      const { plain: quick, whole } = plain(record)

      expect(quick).toEqual(whole)
    },
  )

  test.each([
    ['without headers', { value }],
    ['with an id that is not ASCII', { value, headers: [[ID, text('käse')]] }],
    ['with a NUL in its id', { value, headers: [[ID, text('a\0b')]] }],
    ['with an empty id', { value, headers: [[ID, text('')]] }],
    ['with no id', { value, headers: [[ID, null]] }],
    ["with another's header", { value, headers: [[text('millrace-if'), text('a')]] }],
    ["with Watermill's id", { value, headers: [[ID, text('a')], [text('_watermill_message_uuid'), text('c')]] }], // prettier-ignore
    ['with a name that is none', { value, headers: [[ID, text('a')], [text('b c'), text('d')]] }], // prettier-ignore
    ['with the name of the prototype', { value, headers: [[ID, text('a')], [text('__proto__'), text('d')]] }], // prettier-ignore
    ['with a header of ours in capitals', { value, headers: [[ID, text('a')], [text('MILLRACE-ID'), text('d')]] }], // prettier-ignore
    ['with a header without a value', { value, headers: [[ID, text('a')], [text('b'), null]] }], // prettier-ignore
    ['with metadata that is not ASCII', { value, headers: [[ID, text('a')], [text('b'), text('ä')]] }], // prettier-ignore
    ['with an expiry', { value, headers: [[ID, text('a')], [text('millrace-expires'), text('5')]] }], // prettier-ignore
    ['with a key that is not ASCII', { key: text('ä'), value, headers: [[ID, text('a')]] }],
    ['without a value', { key: text('k'), headers: [[ID, text('a')]] }],
  ] satisfies [string, Omit<LogRecord, 'delta'>][])('%s is none', (_, record) => {
    expect(plain(record).plain).toBe(undefined)
  })
})
