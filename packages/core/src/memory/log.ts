import type { Message } from '../contract.ts'

/** What a message costs beside its payload, as the estimate of memory counts it. */
export const OVERHEAD = 128
const NEVER = Infinity

/**
 * The messages of one topic and priority, in order: circles of slots that double when they are full. Columns rather
 * than an object for each message: what is kept for replay costs the garbage collector nothing.
 */
export class Log {
  readonly topic: string
  readonly priority: number
  /** The first offset that is still kept. */
  head = 0
  /** The offset that the next message gets. */
  tail = 0
  #messages: (Message | undefined)[] = new Array<Message | undefined>(16).fill(undefined)
  // Small integers as long as may be: a double in an object's field costs an allocation each time.
  #seqs: number[] = new Array<number>(16).fill(0)
  /** Relative to the log's beginning. */
  #times: number[] = new Array<number>(16).fill(0)
  /** Made when the first message that expires comes. */
  #expires: Float64Array | undefined
  #mask = 15

  readonly #start: number

  constructor(topic: string, priority: number, start: number) {
    this.topic = topic
    this.priority = priority
    this.#start = start
  }

  get size(): number {
    return this.tail - this.head
  }

  /** Whether any message here may expire. */
  get mortal(): boolean {
    return this.#expires !== undefined
  }

  append(message: Message, seq: number, time: number, expires: number | undefined): void {
    if (this.tail - this.head > this.#mask) this.#grow()
    const at = this.tail & this.#mask
    this.#messages[at] = message
    this.#seqs[at] = seq
    this.#times[at] = time - this.#start
    if (expires !== undefined || this.#expires !== undefined) {
      this.#expires ??= new Float64Array(this.#mask + 1).fill(NEVER)
      this.#expires[at] = expires ?? NEVER
    }
    this.tail++
  }

  // The offsets asked for below are from `head` to `tail - 1`: the callers keep within the bounds.

  message(offset: number): Message {
    return this.#messages[offset & this.#mask]!
  }

  /** The message's place among all of the broker's: positions compare across topics. */
  seq(offset: number): number {
    return this.#seqs[offset & this.#mask]!
  }

  time(offset: number): number {
    return this.#start + this.age(offset)
  }

  /** ms from the log's beginning. */
  age(offset: number): number {
    return this.#times[offset & this.#mask]!
  }

  get start(): number {
    return this.#start
  }

  expires(offset: number): number | undefined {
    if (this.#expires === undefined || offset < this.head) return undefined
    const at = this.#expires[offset & this.#mask]!
    return at === NEVER ? undefined : at
  }

  /** Forgets the first message; there must be one. Returns what it weighed. */
  shift(): number {
    const at = this.head & this.#mask
    const bytes = this.#messages[at]!.payload.length + OVERHEAD
    this.#messages[at] = undefined
    this.head++
    return bytes
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
    for (let offset = this.head; offset < this.tail; offset++) if (this.time(offset) >= time) return offset
    return this.tail
  }

  #grow(): void {
    const slots = (this.#mask + 1) * 2
    const mask = slots - 1
    const messages = new Array<Message | undefined>(slots).fill(undefined)
    const seqs = new Array<number>(slots).fill(0)
    const times = new Array<number>(slots).fill(0)
    const expires = this.#expires && new Float64Array(slots).fill(NEVER)
    for (let offset = this.head; offset < this.tail; offset++) {
      const from = offset & this.#mask
      const to = offset & mask
      messages[to] = this.#messages[from]
      seqs[to] = this.#seqs[from]!
      times[to] = this.#times[from]!
      if (expires) expires[to] = this.#expires![from]! // expires is made of it
    }
    this.#messages = messages
    this.#seqs = seqs
    this.#times = times
    this.#expires = expires
    this.#mask = mask
  }
}
