import { compressionsAlgorithms, crc32c, Writer } from '@platformatic/kafka'
import { laneKey } from './job.ts'
import type { Entry, Lane } from './job.ts'
import { RecordWriter } from './record-writer.ts'
import type { Wire } from './encode.ts'
import type { Scratch } from './scratch.ts'

/** Offset, length, leader epoch, magic and checksum, attributes, last delta, times, producer, sequence, count. */
const HEAD = 61
/** Of these the offset and the length are not counted by the length. */
const BEFORE = 12
/** From there on the checksum counts. */
const CHECKED = 21
const MAGIC = 2
/** Room is asked for before it is known how much is needed. */
const SPARE = 1024

/** Whoever sends a batch, as the server knows it. */
export interface Identity {
  readonly producerId: bigint
  readonly producerEpoch: number
}

/** What goes to one partition in one request: a batch as it will stand in the log (the protocol guide's "Record Batch"). */
export class OutBatch {
  readonly lane: Lane
  readonly count: number
  #bytes: Buffer
  #attributes = 0
  readonly #first: bigint
  readonly #last: bigint
  #sealed: { readonly by: Identity; readonly sequence: number } | undefined

  /** Of messages to one partition, at least one, in memory that the scratch has. */
  constructor(entries: readonly Entry[], wire: Wire, scratch: Scratch) {
    const first = entries[0]! // at least one
    this.lane = first.lane
    this.count = entries.length
    let size = 0
    for (const { bytes } of entries) size += bytes
    const writer = new RecordWriter(HEAD, scratch.take(HEAD + size + SPARE))
    let last = first.stamp.time
    for (let delta = 0; delta < entries.length; delta++) {
      const { message, key, stamp } = entries[delta]! // delta < length
      writer.record(message, { delta, late: stamp.time - first.stamp.time, key, stamp, wire })
      if (stamp.time > last) last = stamp.time
    }
    this.#bytes = writer.bytes
    this.#first = BigInt(first.stamp.time)
    this.#last = BigInt(last)
  }

  async compress(compression: 'gzip' | 'snappy' | 'lz4' | 'zstd'): Promise<void> {
    const records = this.#bytes.subarray(HEAD)
    const { bitmask } = compressionsAlgorithms[compression]
    // Only gzip can be had off this thread.
    const packed =
      compression === 'gzip'
        ? await compressionsAlgorithms.gzip.compress(records)
        : compressionsAlgorithms[compression].compressSync(records)
    this.#attributes |= bitmask
    this.#bytes = Buffer.concat([this.#bytes.subarray(0, HEAD), packed])
  }

  /** The whole batch. Sent again by the same producer it has the same sequence number: that is how the server knows it. */
  seal(by: Identity, sequences: Sequences): Buffer {
    const { producerId, producerEpoch } = by
    const before = this.#sealed
    if (before?.by.producerId !== producerId || before.by.producerEpoch !== producerEpoch)
      this.#sealed = { by: { producerId, producerEpoch }, sequence: sequences.take(by, this) }
    const bytes = this.#bytes
    bytes.writeBigInt64BE(0n, 0)
    bytes.writeInt32BE(bytes.length - BEFORE, 8)
    bytes.writeInt32BE(-1, 12) // the leader's epoch is the server's to know
    bytes[16] = MAGIC
    bytes.writeInt16BE(this.#attributes, CHECKED)
    bytes.writeInt32BE(this.count - 1, 23)
    bytes.writeBigInt64BE(this.#first, 27)
    bytes.writeBigInt64BE(this.#last, 35)
    bytes.writeBigInt64BE(producerId, 43)
    bytes.writeInt16BE(producerEpoch, 51)
    bytes.writeInt32BE(this.#sealed?.sequence ?? 0, 53)
    bytes.writeInt32BE(this.count, 57)
    bytes.writeUInt32BE(checksum(bytes.subarray(CHECKED)), 17)
    return bytes
  }
}

/** Of bytes as they come the client makes a copy first, of those that a writer holds it does not. */
function checksum(bytes: Buffer): number {
  return crc32c(Writer.create().append(bytes).dynamicBuffer) >>> 0
}

/** The numbers of a producer's messages in each partition, one after the other; after the largest comes 0. */
export class Sequences {
  readonly #next = new Map<string, number>()

  /** The number of the first of a batch. A producer that the server does not know by that name yet begins at 0. */
  take({ producerId, producerEpoch }: Identity, { lane, count }: Pick<OutBatch, 'lane' | 'count'>): number {
    const key = `${producerId}:${producerEpoch}:${laneKey(lane)}`
    const number = this.#next.get(key) ?? 0
    this.#next.set(key, (number + count) % 0x80000000)
    return number
  }
}
