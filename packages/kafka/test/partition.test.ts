import type { RecordsBatch } from '@platformatic/kafka'
import { expect, test } from 'vitest'
import { Partition } from '../src/partition.ts'
import type { KafkaRaw } from '../src/partition.ts'

const TRANSACTIONAL = 0b10000
const CONTROL = 0b110000

function batch(first: number, count: number, more: Partial<RecordsBatch> = {}): RecordsBatch {
  const records = Array.from({ length: count }, (_, offsetDelta) => ({
    offsetDelta,
    timestampDelta: 0n,
    key: null,
    value: Buffer.from(String(first + offsetDelta)),
    headers: [],
  }))
  return { firstOffset: BigInt(first), lastOffsetDelta: count - 1, attributes: 0, firstTimestamp: 1n, producerId: -1n, records, ...more } as never // prettier-ignore
}
function marker(offset: number, producerId: bigint, type: 'abort' | 'commit'): RecordsBatch {
  const key = Buffer.from([0, 0, 0, type === 'abort' ? 0 : 1])
  const [record] = batch(offset, 1).records
  return batch(offset, 1, { attributes: CONTROL, producerId, records: [{ ...record!, key }] })
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
  hand(partition)

  const moved = [2, 0, 1, 3].map(offset => [partition.settle(offset), partition.settled])

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
  partition.settle(0)

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
