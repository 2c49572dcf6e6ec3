import { asError } from 'millrace/adapter'
import type { Raw } from 'millrace/adapter'
import { keyOf } from './cluster.ts'
import { dueOf, fromRecord, plainMessage } from './encode.ts'
import type { Aborted } from './fetch.ts'
import { InHand } from './in-hand.ts'
import type { Mark } from './mark.ts'
import { isRetryTopic, unmarked } from './names.ts'
import { formatPosition, withOffset } from './position.ts'
import type { Offsets } from './position.ts'
import type { RecordBatch } from './record-batch.ts'

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

  /** In its partition's hand. */
  slot = 0

  constructor(from: Content, partition: Partition, others: Offsets) {
    this.topic = partition.name
    this.message = from.message
    if (from.undecodable) this.undecodable = from.undecodable
    this.attempt = from.attempt
    this.time = from.time
    this.expires = from.expires
    this.due = from.due
    this.earlier = from.earlier
    this.partition = partition
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

  /** The same once more, in its place. */
  again(attempt: number): KafkaRaw {
    const { message, undecodable, time, expires, due, earlier, partition, offset } = this
    const again = new KafkaRaw(
      { message, undecodable, attempt, time, expires, due, earlier, offset },
      partition,
      this.#others,
    )
    again.slot = this.slot
    return again
  }
}

/** What is in a record. */
type Content = Pick<KafkaRaw, 'message' | 'attempt' | 'time' | 'expires' | 'due' | 'earlier' | 'offset'> & {
  readonly undecodable: Raw['undecodable'] | undefined
}

const ABORT = 0

/** What a consumer knows of one of its partitions: what was fetched, what is handed out, what may be committed. */
export class Partition {
  /** Its name in the cluster. */
  readonly topic: string
  readonly index: number
  /** Topic and index as one string. */
  readonly key: string
  /** The topic as its users name it. */
  readonly name: string
  readonly #retries: boolean
  /** The broker that leads it, as far as is known; -1 for none. */
  leader: number = -1
  /** The offset to fetch from. */
  fetched: number
  /** Failures of un-settled records, where there are any. */
  readonly failures: Map<number, number> = new Map<number, number>()
  /** Handed over and not settled. */
  readonly open: InHand<KafkaRaw> = new InHand<KafkaRaw>()
  #batches: RecordBatch[] = []
  #waiting = 0
  #bytes = 0
  /** After the last record that was handed over. */
  #handed: number
  readonly #abortedProducers = new Set<bigint>()

  constructor(topic: string, index: number, begin: number) {
    this.topic = topic
    this.index = index
    this.key = keyOf(topic, index)
    this.name = unmarked(topic)
    this.#retries = isRetryTopic(topic)
    this.fetched = begin
    this.#handed = begin
  }

  /** Records fetched and not handed over, about. */
  get waiting(): number {
    return this.#waiting
  }

  /** How many bytes these are, about. */
  get waitingBytes(): number {
    return this.#bytes - (this.#batches[0]?.read ?? 0)
  }

  /** How far the newest handed record is beyond the oldest un-settled one. */
  get spread(): number {
    return this.open.spread
  }

  /** The next offset that nobody was given yet. */
  get next(): number {
    return this.#handed
  }

  /** What may be committed: nothing below it is un-settled. */
  get settled(): number {
    return this.open.oldest?.offset ?? (this.#waiting === 0 ? this.fetched : this.#handed)
  }

  /** What stands beside the commit. */
  mark(left: boolean): Mark {
    return { failures: this.failures.get(this.settled) ?? 0, left }
  }

  /**
   * Takes in what a fetch brought. Without records of aborted transactions, control records, and what lies before the
   * offset that was asked for: a batch comes whole.
   */
  take(batches: readonly RecordBatch[], aborted: readonly Aborted[], committedOnly: boolean): void {
    const begun = [...aborted].sort((a, b) => Number(a.firstOffset - b.firstOffset))
    for (const batch of batches) {
      if (batch.last < this.fetched) continue
      while (begun.length > 0 && begun[0]!.firstOffset <= BigInt(batch.last))
        this.#abortedProducers.add(begun.shift()!.producerId) // length > 0
      if (batch.control) {
        if (batch.next() && batch.keyAt >= 0 && batch.bytes.readInt16BE(batch.keyAt + 2) === ABORT)
          this.#abortedProducers.delete(batch.producerId)
      } else if (!(committedOnly && batch.transactional && this.#abortedProducers.has(batch.producerId))) {
        this.#batches.push(batch)
        this.#waiting += batch.count
        this.#bytes += batch.bytes.length
      }
      this.fetched = batch.last + 1
    }
    // A fetch from anywhere lists the aborted transactions anew.
    this.#abortedProducers.clear()
  }

  /** Hands over the next records, at most so many, into the array. @throws UNDECODABLE where a batch is none */
  hand(most: number, others: Offsets, into: KafkaRaw[]): void {
    for (let left = most; left > 0 && this.#batches.length > 0;) {
      const batch = this.#batches[0]! // length > 0
      if (!batch.next()) {
        this.#drop(batch)
        continue
      }
      this.#waiting--
      if (batch.offset >= this.#handed) {
        this.#handed = batch.offset + 1
        const raw = this.#raw(batch, others)
        this.open.add(raw)
        into.push(raw)
        left--
      }
      if (batch.left === 0) this.#drop(batch)
    }
  }

  /** Done with. True when what may be committed moved. */
  settle(raw: KafkaRaw): boolean {
    if (this.failures.size > 0) this.failures.delete(raw.offset)
    return this.open.settle(raw)
  }

  /** Where the commit would stand if these were settled. */
  settledWith(offsets: ReadonlySet<number>): number {
    for (const { offset } of this.open) if (!offsets.has(offset)) return offset
    return this.#handed
  }

  /** The first is read. */
  #drop(batch: RecordBatch): void {
    this.#batches.shift()
    this.#bytes -= batch.bytes.length
  }

  #raw(batch: RecordBatch, others: Offsets): KafkaRaw {
    const { offset, time } = batch
    const attempt = (this.failures.size > 0 ? (this.failures.get(offset) ?? 0) : 0) + 1
    const plain = this.#retries ? undefined : plainMessage(batch)
    if (plain !== undefined)
      return new KafkaRaw(
        {
          message: plain,
          undecodable: undefined,
          attempt,
          time,
          expires: undefined,
          due: undefined,
          earlier: 0,
          offset,
        },
        this,
        others,
      )
    return new KafkaRaw(this.#content(batch, attempt), this, others)
  }

  #content(batch: RecordBatch, attempt: number): Content {
    const { offset, time } = batch
    const record = batch.record()
    const due = this.#retries ? dueOf(record) : undefined
    const common = { undecodable: undefined, attempt, time, due, earlier: 0, offset }
    try {
      const { message, stamp } = fromRecord(record, [this.topic, this.index, offset])
      if (!this.#retries) return { ...common, message, expires: stamp.expires }
      // What a retry topic brings has failed before.
      const earlier = Math.max(0, (stamp.attempt ?? 1) - 1)
      const from = { attempt: attempt + earlier, earlier, time: stamp.time ?? time, expires: stamp.expires }
      return { ...common, ...from, message }
    } catch (error) {
      const undecodable = { error: asError(error), payload: record.value ?? new Uint8Array() }
      return { ...common, message: undefined, undecodable, expires: undefined }
    }
  }
}
