import { createRecordsBatch, crc32c } from '@platformatic/kafka'
import { message, tombstone } from 'millrace'
import type { Message } from 'millrace'
import { describe, expect, test } from 'vitest'
import { fromRecord, keyBytes, toRecord } from '../src/encode.ts'
import type { RecordStamp, Wire } from '../src/encode.ts'
import { Entry, Job } from '../src/job.ts'
import { OutBatch, Sequences } from '../src/out-batch.ts'
import { batchesIn } from '../src/record-batch.ts'
import { Scratch } from '../src/scratch.ts'

const PRODUCER = { producerId: 7n, producerEpoch: 2 }
const LANE = { topic: 't', partition: 3 }

function outBatch(messages: readonly Message[], stamps: readonly RecordStamp[], wire: Wire = 'millrace'): OutBatch {
  const job = new Job(messages, { signal: new AbortController().signal }, 0, () => undefined)
  const entries = messages.map(
    (one, index) => new Entry(job, index, { message: one, lane: LANE, key: keyBytes(one), stamp: stamps[index] ?? { time: 0 } }), // prettier-ignore
  )
  return new OutBatch(entries, wire, new Scratch())
}
function seal(batch: OutBatch): Buffer {
  return batch.seal(PRODUCER, new Sequences())
}
/** As the client writes them. */
function theirs(messages: readonly Message[], stamps: readonly RecordStamp[], wire: Wire): Buffer {
  const records = messages.map((one, index) => ({ ...toRecord(one, stamps[index] ?? { time: 0 }, wire), ...LANE }))
  return createRecordsBatch(records as never, { ...PRODUCER, partitionLeaderEpoch: -1 } as never).buffer
}

const many = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`name-${index}`, `${index}`]))

describe('a batch is written as the client writes it', () => {
  const written: Record<string, readonly [readonly Message[], readonly RecordStamp[]]> = {
    'plain messages': [[message('a'), message(''), message(Buffer.alloc(256, 'm'))], []],
    keys: [[message('a', { key: 'k' }), message('b', { key: '' }), message('c', { key: 'käse'.repeat(100) })], []],
    'a tombstone': [[tombstone('k')], []],
    metadata: [[message('a', { metadata: { one: '1', two: 'zwei', empty: '', three: 'Käse'.repeat(30) } })], []],
    'a hundred headers': [[message('a', { metadata: many }), message('b')], []],
    'text of every length': [Array.from({ length: 200 }, (_, length) => message('', { id: `x${'y'.repeat(length)}` })), []], // prettier-ignore
    'payloads of lengths around each more byte of a number': [
      [0, 8, 9, 62, 63, 64, 127, 128, 4000, 8100, 8150, 8191, 8192, 8300, 70_000, 2 ** 20 + 1].map(size => message(Buffer.alloc(size, 1))), // prettier-ignore
      [],
    ],
    'times that differ': [
      [message('a'), message('b'), message('c')],
      [{ time: 1_790_000_000_000 }, { time: 1_790_000_000_000 - 70_000 }, { time: 1_790_000_000_000 + 2 ** 30 }],
    ],
    'what travels with it': [[message('a')], [{ time: 5, expires: 9, attempt: 3, published: 4, due: 8 }]],
    'the mark of a key of bytes': [[message('a', { key: '\xff', metadata: { 'kafka-key': 'latin1' } })], []],
  }

  for (const [name, [messages, stamps]] of Object.entries(written))
    test.each(['millrace', 'watermill'] as const)(`${name}, %s`, wire => {
      expect(seal(outBatch(messages, stamps, wire)).equals(theirs(messages, stamps, wire))).toBe(true)
    })
})

test.each(['gzip', 'snappy', 'lz4', 'zstd'] as const)('compressed with %s it comes back', async compression => {
  const messages = Array.from({ length: 50 }, (_, index) => message(`payload ${index}`.repeat(10)))
  const batch = outBatch(messages, [])

  await batch.compress(compression)
  const bytes = seal(batch)
  const [read] = batchesIn(bytes)
  const payloads: string[] = []
  while (read?.next()) payloads.push(String(fromRecord(read.record(), ['t']).message.payload))

  expect(payloads).toEqual(messages.map(({ payload }) => Buffer.from(payload).toString()))
  expect(bytes.length).toBeLessThan(seal(outBatch(messages, [])).length)
  expect(bytes.readUInt32BE(17)).toBe(crc32c(bytes.subarray(21)) >>> 0)
})

test('a time long after the first is written, which the client cuts off', () => {
  const late = 1_790_000_000_000 + 2 ** 36
  const [read] = batchesIn(seal(outBatch([message('a'), message('b')], [{ time: 1_790_000_000_000 }, { time: late }])))

  read?.next()
  read?.next()

  expect(read?.time).toBe(late)
})

test('memory is used again when nothing of it is in use, and what is taken in between is its own', () => {
  const scratch = new Scratch()
  const [one, two] = [scratch.take(100).fill(1), scratch.take(100).fill(2)]
  const large = scratch.take(1_000_000).fill(3)
  const larger = scratch.take(5_000_000)

  expect([one, two, large].map(part => part.every((byte, _, [first]) => byte === first))).toEqual([true, true, true])
  expect(larger).toHaveLength(5_000_000)
  scratch.clear()
  expect(scratch.take(10).buffer).toBe(large.buffer)
})

describe('sequence numbers', () => {
  const sequenceOf = (bytes: Buffer): number => bytes.readInt32BE(53)
  const three = (): OutBatch => outBatch([message('a'), message('b'), message('c')], [])

  test('go on where the batch before ended, and a batch that is sent again keeps its own', () => {
    const sequences = new Sequences()
    const [one, two] = [three(), three()]

    const seen = [one, two, one, two].map(batch => sequenceOf(batch.seal(PRODUCER, sequences)))

    expect(seen).toEqual([0, 3, 0, 3])
  })

  test('begin at 0 with another producer, or another epoch, though it be the same batch', () => {
    const sequences = new Sequences()
    const batch = three()
    three().seal(PRODUCER, sequences)

    const seen = [PRODUCER, { ...PRODUCER, producerId: 8n }, { ...PRODUCER, producerEpoch: 3 }].map(by =>
      sequenceOf(batch.seal(by, sequences)),
    )

    expect(seen).toEqual([3, 0, 0])
  })

  test('begin at 0 again behind the largest that there is', () => {
    const sequences = new Sequences()
    const take = (count: number): number => sequences.take(PRODUCER, { lane: LANE, count })
    take(0x7fffffff)

    expect([take(3), take(1)]).toEqual([0x7fffffff, 2])
  })
})
