import type { Message } from '../contract.ts'

/** What a message costs beside its payload, as the estimate of memory counts it. */
export const OVERHEAD = 128
const NEVER = Infinity

/** What a row holds beside the message: its sequence number and its time. */
const WIDTH = 3
const FIRST = 4

/** The broker's beginning. Times are kept relative to it: small integers, for a double costs an allocation each time. */
export interface Epoch {
  /** ms since the Unix epoch. */
  readonly start: number
}

/**
 * The messages of one topic and priority, in order: a circle of rows that doubles when it is full. Rows in one array,
 * not an object for each message: what is kept for replay costs the garbage collector nothing, and a message that
 * comes alone touches one line of the processor's cache, not three.
 */
export class Log {
  /** The first offset that is still kept. */
  head = 0
  /** The offset that the next message gets. */
  tail = 0
  #mask = FIRST - 1
  #rows: (Message | number | undefined)[] = new Array<Message | number | undefined>(FIRST * WIDTH).fill(undefined)
  /** Made when the first message that expires comes. */
  #expires: Float64Array | undefined = undefined
  readonly #epoch: Epoch
  readonly topic: string
  readonly priority: number

  constructor(topic: string, priority: number, epoch: Epoch) {
    this.topic = topic
    this.priority = priority
    this.#epoch = epoch
  }

  /** ms since the Unix epoch from which ages count. */
  get start(): number {
    return this.#epoch.start
  }

  get size(): number {
    return this.tail - this.head
  }

  /** Whether any message here may expire. */
  get mortal(): boolean {
    return this.#expires !== undefined
  }

  append(message: Message, seq: number, time: number, expires: number | undefined): void {
    this.appendAll([message], seq, time)
    if (expires === undefined) return
    this.#expires ??= new Float64Array(this.#mask + 1).fill(NEVER)
    this.#expires[(this.tail - 1) & this.#mask] = expires
  }

  /** Adds messages that came together and do not expire; their sequence numbers follow one another. */
  appendAll(batch: readonly Message[], seq: number, time: number): void {
    const count = batch.length
    while (this.tail - this.head + count > this.#mask + 1) this.#grow()
    const rows = this.#rows
    const mask = this.#mask
    const age = time - this.#epoch.start
    const first = this.tail
    for (let i = 0; i < count; i++) {
      const at = ((first + i) & mask) * WIDTH
      rows[at] = batch[i]!
      rows[at + 1] = seq + i
      rows[at + 2] = age
    }
    if (this.#expires) for (let i = 0; i < count; i++) this.#expires[(first + i) & mask] = NEVER
    this.tail = first + count
  }

  // The offsets asked for below are from `head` to `tail - 1`, whose rows are filled: the callers keep within the bounds.

  message(offset: number): Message {
    return this.#rows[(offset & this.#mask) * WIDTH] as Message
  }

  /** The message's place among all of the broker's: positions compare across topics. */
  seq(offset: number): number {
    return this.#rows[(offset & this.#mask) * WIDTH + 1] as number
  }

  /** ms from `start`. */
  age(offset: number): number {
    return this.#rows[(offset & this.#mask) * WIDTH + 2] as number
  }

  /** Undefined for one that does not expire, or that the log has forgotten. */
  expires(offset: number): number | undefined {
    if (this.#expires === undefined || offset < this.head) return undefined
    const at = this.#expires[offset & this.#mask]!
    return at === NEVER ? undefined : at
  }

  /** Forgets the first message; there must be one. Returns what it weighed. */
  shift(): number {
    return this.trim(this.tail, 1, 0)
  }

  /** Forgets the first messages, below `floor`, until so many of them or so many bytes are gone. Returns what they weighed. */
  trim(floor: number, messages: number, bytes: number): number {
    const rows = this.#rows
    const mask = this.#mask
    const first = this.head
    let head = first
    let gone = 0
    while (head < floor && (head - first < messages || gone < bytes)) {
      const at = (head & mask) * WIDTH
      gone += (rows[at] as Message).payload.length + OVERHEAD
      rows[at] = undefined
      head++
    }
    this.head = head
    return gone
  }

  /** The offset of the first message with a larger sequence number. */
  after(seq: number): number {
    let low = this.head
    let high = this.tail
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.seq(middle) > seq) high = middle
      else low = middle + 1
    }
    return low
  }

  /** The offset of the first message that was published at `time` or later. Delayed messages stand later than their time. */
  since(time: number): number {
    const age = time - this.start
    for (let offset = this.head; offset < this.tail; offset++) if (this.age(offset) >= age) return offset
    return this.tail
  }

  #grow(): void {
    const slots = (this.#mask + 1) * 2
    const mask = slots - 1
    const rows = new Array<Message | number | undefined>(slots * WIDTH).fill(undefined)
    const expires = this.#expires && new Float64Array(slots).fill(NEVER)
    for (let offset = this.head; offset < this.tail; offset++) {
      const from = offset & this.#mask
      const to = offset & mask
      for (let i = 0; i < WIDTH; i++) rows[to * WIDTH + i] = this.#rows[from * WIDTH + i]
      if (expires) expires[to] = this.#expires![from]! // expires is made of it
    }
    this.#rows = rows
    this.#expires = expires
    this.#mask = mask
  }
}
