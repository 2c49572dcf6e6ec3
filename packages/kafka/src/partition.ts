import type { RecordsBatch } from '@platformatic/kafka'
import { asError, ContiguousTracker } from 'millrace/adapter'
import type { Raw } from 'millrace/adapter'
import { dueOf, fromRecord } from './encode.ts'
import type { Mark } from './mark.ts'
import { isRetryTopic, unmarked } from './names.ts'
import { formatPosition, withOffset } from './position.ts'
import type { Offsets } from './position.ts'

/** One record as core gets it. What is rarely asked for is made when it is. */
export class KafkaRaw implements Raw {
  readonly topic: string
  readonly message: Raw['message']
  readonly undecodable?: NonNullable<Raw['undecodable']>
  readonly attempt: number
  readonly time: number
  readonly expires: number | undefined
  /** In a retry topic: not before this, ms since the epoch. */
  readonly due: number | undefined
  /** Attempts that it brought along from where it was before. */
  readonly earlier: number
  readonly partition: Partition
  readonly offset: number
  readonly #others: Offsets

  constructor(
    from: Pick<
      KafkaRaw,
      'message' | 'undecodable' | 'attempt' | 'time' | 'expires' | 'due' | 'earlier' | 'partition' | 'offset'
    >,
    others: Offsets,
  ) {
    this.topic = unmarked(from.partition.topic)
    this.message = from.message
    if (from.undecodable) this.undecodable = from.undecodable
    this.attempt = from.attempt
    this.time = from.time
    this.expires = from.expires
    this.due = from.due
    this.earlier = from.earlier
    this.partition = from.partition
    this.offset = from.offset
    this.#others = others
  }

  get origin(): Raw['origin'] {
    return { partition: this.partition.index, offset: this.offset }
  }

  /** After this record, and where the other partitions stood when it was handed over. */
  get position(): string {
    return formatPosition(withOffset(this.#others, this.partition.topic, this.partition.index, this.offset + 1))
  }

  /** The same once more. */
  again(attempt: number): KafkaRaw {
    const { message, undecodable, time, expires, due, earlier, partition, offset } = this
    const from = {
      message,
      attempt,
      time,
      expires,
      due,
      earlier,
      partition,
      offset,
      ...(undecodable && { undecodable }),
    }
    return new KafkaRaw(from, this.#others)
  }
}

const IS_CONTROL = 0b100000
const ABORT = 0

export interface Aborted {
  readonly producerId: bigint
  readonly firstOffset: bigint
}

/** What a consumer knows of one of its partitions: what was fetched, what is handed out, what may be committed. */
export class Partition {
  /** Its name in the cluster. */
  readonly topic: string
  readonly index: number
  readonly #retries: boolean
  /** The offset to fetch from. */
  fetched: number
  /** Failures of un-settled records, where there are any. */
  readonly failures: Map<number, number> = new Map<number, number>()
  /** Handed over and not settled, by offset. */
  readonly open: Map<number, KafkaRaw> = new Map<number, KafkaRaw>()
  readonly #tracker = new ContiguousTracker()
  #batches: RecordsBatch[] = []
  #at = 0
  #waiting = 0
  /** After the last record that was handed over. */
  #handed: number
  readonly #abortedProducers = new Set<bigint>()

  constructor(topic: string, index: number, begin: number) {
    this.topic = topic
    this.index = index
    this.#retries = isRetryTopic(topic)
    this.fetched = begin
    this.#handed = begin
  }

  /** Records fetched and not handed over, about. */
  get waiting(): number {
    return this.#waiting
  }

  /** How far the newest handed record is beyond the oldest un-settled one. */
  get spread(): number {
    return this.#tracker.spread
  }

  /** The next offset that nobody was given yet. */
  get next(): number {
    return this.#handed
  }

  /** What may be committed: nothing below it is un-settled. */
  get settled(): number {
    return this.#tracker.oldest ?? (this.#waiting === 0 ? this.fetched : this.#handed)
  }

  /** What stands beside the commit. */
  mark(left: boolean): Mark {
    return { failures: this.failures.get(this.settled) ?? 0, left }
  }

  /**
   * Takes in what a fetch brought. Without records of aborted transactions, control records, and what lies before the
   * offset that was asked for: a batch comes whole.
   */
  take(batches: readonly RecordsBatch[], aborted: readonly Aborted[], committedOnly: boolean): void {
    const begun = [...aborted].sort((a, b) => Number(a.firstOffset - b.firstOffset))
    for (const batch of batches) {
      const last = Number(batch.firstOffset) + batch.lastOffsetDelta
      if (last < this.fetched) continue
      while (begun.length > 0 && begun[0]!.firstOffset <= BigInt(last))
        this.#abortedProducers.add(begun.shift()!.producerId) // length > 0
      const control = (batch.attributes & IS_CONTROL) !== 0
      const transactional = (batch.attributes & 0b10000) !== 0
      if (control) {
        if (batch.records[0]?.key?.readInt16BE(2) === ABORT) this.#abortedProducers.delete(batch.producerId)
      } else if (!(committedOnly && transactional && this.#abortedProducers.has(batch.producerId))) {
        this.#batches.push(batch)
        this.#waiting += batch.records.length
      }
      this.fetched = last + 1
    }
    // A fetch from anywhere lists the aborted transactions anew.
    this.#abortedProducers.clear()
  }

  /** Hands over the next records, at most so many, into the array. */
  hand(most: number, others: Offsets, into: KafkaRaw[]): void {
    for (let left = most; left > 0 && this.#batches.length > 0;) {
      const batch = this.#batches[0]! // length > 0
      const record = batch.records[this.#at++]
      if (record === undefined) {
        this.#batches.shift()
        this.#at = 0
        continue
      }
      this.#waiting--
      const offset = Number(batch.firstOffset) + record.offsetDelta
      if (offset < this.#handed) continue
      this.#handed = offset + 1
      const raw = this.#raw(batch, record, offset, others)
      this.#tracker.handed(offset)
      this.open.set(offset, raw)
      into.push(raw)
      left--
    }
    if (this.#waiting <= 0 && this.#batches.length > 0 && this.#at >= (this.#batches[0]?.records.length ?? 0)) {
      this.#batches.shift()
      this.#at = 0
    }
  }

  /** Done with. True when what may be committed moved. */
  settle(offset: number): boolean {
    this.open.delete(offset)
    if (this.failures.size > 0) this.failures.delete(offset)
    return this.#tracker.settled(offset) !== undefined
  }

  /** Where the commit would stand if these were settled. */
  settledWith(offsets: ReadonlySet<number>): number {
    let end = this.#handed
    for (const offset of this.open.keys()) if (!offsets.has(offset) && offset < end) end = offset
    return end
  }

  #raw(batch: RecordsBatch, record: RecordsBatch['records'][number], offset: number, others: Offsets): KafkaRaw {
    const failures = this.failures.size > 0 ? (this.failures.get(offset) ?? 0) : 0
    const time = Number(batch.firstTimestamp + record.timestampDelta)
    const due = this.#retries ? dueOf(record) : undefined
    const common = { attempt: failures + 1, time, due, earlier: 0, partition: this, offset }
    try {
      const { message, stamp } = fromRecord(record, [this.topic, this.index, offset])
      if (!this.#retries) return new KafkaRaw({ ...common, message, expires: stamp.expires }, others)
      // What a retry topic brings has failed before.
      const earlier = Math.max(0, (stamp.attempt ?? 1) - 1)
      const from = { attempt: common.attempt + earlier, earlier, time: stamp.time ?? time, expires: stamp.expires }
      return new KafkaRaw({ ...common, ...from, message }, others)
    } catch (error) {
      const payload = record.value ?? new Uint8Array()
      const undecodable = { error: asError(error), payload }
      return new KafkaRaw({ ...common, message: undefined, undecodable, expires: undefined }, others)
    }
  }
}
