import { expect, test } from 'vitest'
import { Partition } from '../src/partition.ts'
import type { KafkaRaw } from '../src/partition.ts'
import { batchesIn } from '../src/record-batch.ts'
import type { RecordBatch } from '../src/record-batch.ts'
import { logBatch } from './log-batch.ts'
import type { LogBatch } from './log-batch.ts'

const TRANSACTIONAL = 0b10000
const CONTROL = 0b110000

function batch(first: number, count: number, more: Partial<LogBatch> = {}): RecordBatch {
  const records = Array.from({ length: count }, (_, delta) => ({ delta, value: Buffer.from(String(first + delta)) }))
  return batchesIn(logBatch({ first, records, ...more }))[0]! // there is one
}
function marker(offset: number, producerId: bigint, type: 'abort' | 'commit'): RecordBatch {
  const key = Buffer.from([0, 0, 0, type === 'abort' ? 0 : 1])
  return batch(offset, 1, { attributes: CONTROL, producerId, records: [{ delta: 0, key }] })
}
function hand(partition: Partition, most = 100): KafkaRaw[] {
  const into: KafkaRaw[] = []
  partition.hand(most, new Map(), into)
  return into
}
const offsets = (raws: readonly KafkaRaw[]): number[] => raws.map(raw => raw.offset)

test('of a batch that begins before what was asked for only the rest is handed over', () => {
  const partition = new Partition('t', 0, 3)

  partition.take([batch(0, 5)], [], true)

  expect(offsets(hand(partition))).toEqual([3, 4])
  expect(partition.fetched).toBe(5)
})

test('what is committed is the oldest that is not settled, whatever the order', () => {
  const partition = new Partition('t', 0, 0)
  partition.take([batch(0, 4)], [], true)
  const raws = hand(partition)

  const moved = [2, 0, 1, 3].map(offset => [partition.settle(raws[offset]!), partition.settled])

  expect(moved).toEqual([
    [false, 0],
    [true, 1],
    [true, 3],
    [true, 4],
  ])
})

test('records of an aborted transaction are not handed over, though its marker is in no fetch yet', () => {
  const partition = new Partition('t', 0, 0)

  partition.take([batch(0, 2, { attributes: TRANSACTIONAL, producerId: 7n }), batch(2, 1)], [{ producerId: 7n, firstOffset: 0n }], true) // prettier-ignore
  partition.take([batch(3, 1, { attributes: TRANSACTIONAL, producerId: 7n }), marker(4, 7n, 'abort'), batch(5, 1)], [{ producerId: 7n, firstOffset: 0n }], true) // prettier-ignore
  partition.take([batch(6, 1, { attributes: TRANSACTIONAL, producerId: 7n }), marker(7, 7n, 'commit')], [], true)

  expect(offsets(hand(partition))).toEqual([2, 5, 6])
  expect(partition.fetched).toBe(8)
})

test('failures of the oldest stand beside the commit', () => {
  const partition = new Partition('t', 0, 0)
  partition.failures.set(0, 3)
  partition.take([batch(0, 2)], [], true)

  const [first] = hand(partition)
  const mark = partition.mark(false)
  partition.settle(first!)

  expect(first?.attempt).toBe(4)
  expect(mark).toEqual({ failures: 3, left: false })
  expect(partition.mark(true)).toEqual({ failures: 0, left: true })
})

test('a position tells of the others what they were when it was handed over', () => {
  const partition = new Partition('t', 1, 0)
  partition.take([batch(0, 2)], [], true)
  const into: KafkaRaw[] = []

  partition.hand(2, new Map([['t', new Map([[0, 9], [1, 0]])]]), into) // prettier-ignore

  expect(into.map(raw => raw.position)).toEqual(['t:0=9,1=1', 't:0=9,1=2'])
})

test('what waits is counted in records and in bytes, and is nothing when all is handed over', () => {
  const partition = new Partition('t', 0, 0)
  const batches = [batch(0, 2), batch(2, 3)]
  const bytes = batches.map(one => one.bytes.length)

  partition.take(batches, [], true)
  const before = [partition.waiting, partition.waitingBytes]
  hand(partition, 2)
  const between = [partition.waiting, partition.waitingBytes]
  hand(partition)

  expect(before).toEqual([5, bytes[0]! + bytes[1]!])
  expect(between).toEqual([3, bytes[1]])
  expect([partition.waiting, partition.waitingBytes]).toEqual([0, 0])
})

test('a record that no message can be read from is handed over as such', () => {
  const partition = new Partition('t', 0, 0)
  const headers = [[Buffer.from('millrace-id'), Buffer.from([0xff])]] as const
  partition.take([batch(0, 1, { records: [{ delta: 0, value: Buffer.from('a'), headers }] })], [], true)

  const [raw] = hand(partition)

  expect(raw?.message).toBe(undefined)
  expect(raw?.undecodable?.payload).toEqual(Buffer.from('a'))
})
