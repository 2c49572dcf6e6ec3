import type { Message } from '../contract.ts'
import { Expiries } from './expiries.ts'
import { Run, weight } from './run.ts'

/** What a row holds beside its message, or its run of several: its first offset, its first sequence number, its age. */
const OFFSET = 1
const SEQ = 2
const AGE = 3
const WIDTH = 4
const FIRST = 4
type Cell = Message | Run | number | undefined
const NOTHING: readonly undefined[] = []

/** The broker's beginning. Times are kept relative to it: small integers, for a double costs an allocation each time. */
export interface Epoch {
  /** ms since the Unix epoch. */
  readonly start: number
}

/**
 * The messages of one topic and priority, in order: a circle of rows that doubles when it is full, a row for what came
 * in one publish. Rows in one array, not an object for each message: what is kept for replay costs the garbage
 * collector nothing, and a message that comes alone touches one line of the processor's cache, not three.
 */
export class Log {
  // First what every message touches, together: over thousands of topics each line of the cache counts.
  /** The first offset that is still kept. */
  head = 0
  /** The offset that the next message gets. */
  tail = 0
  /** The first row that is still kept. Rows are counted from the log's beginning. */
  #firstRow = 0
  #nextRow = 0
  #mask = FIRST - 1
  #cells: Cell[] = new Array<Cell>(FIRST * WIDTH).fill(undefined)
  /** Made when the first message that expires comes. */
  #expiries: Expiries | undefined = undefined
  readonly #epoch: Epoch
  /** The row that was last looked for, from which offset to which it goes, and its messages where they are several. */
  #found = -1
  #from = 0
  #to = 0
  #messages: readonly (Message | undefined)[] = NOTHING
  /** Forgotten, for the batch that comes next. */
  #spare: Run | undefined = undefined
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

  /** The sequence number of the first message; there must be one. */
  get firstSeq(): number {
    return this.seq(this.find(this.head), this.head)
  }

  /** Whether any message here may expire. */
  get mortal(): boolean {
    return this.#expiries !== undefined
  }

  append(message: Message, seq: number, time: number, expires: number | undefined): void {
    this.#add(message, 1, seq, time)
    if (expires === undefined) return
    this.#expiries ??= new Expiries()
    this.#expiries.add(this.head, this.tail - 1, this.tail, expires)
  }

  /** Adds messages that came together and do not expire; their sequence numbers follow one another. `bytes`: what they weigh. */
  appendAll(batch: readonly Message[], seq: number, time: number, bytes: number): void {
    if (batch.length === 1) return this.#add(batch[0]!, 1, seq, time) // there is one
    const spare = this.#spare
    this.#spare = undefined
    if (spare !== undefined && spare.messages.length === batch.length) {
      spare.refill(batch, bytes)
      this.#add(spare, batch.length, seq, time)
    } else this.#add(new Run(batch, bytes), batch.length, seq, time)
  }

  // The offsets asked for below are from `head` to `tail - 1`, whose rows are filled: the callers keep within the bounds.

  /** Where a message stands, for the three below, until the log changes. That of one in a run is negative. */
  find(offset: number): number {
    // Nearly always it came alone, and so did all behind it: then there are as many rows as messages.
    const row = this.#nextRow - (this.tail - offset)
    const at = this.#at(row)
    return row >= this.#firstRow && this.#cells[at + OFFSET] === offset ? at : this.#findAnywhere(offset)
  }

  message(at: number, offset: number): Message {
    return at < 0 ? this.#messages[offset - this.#from]! : (this.#cells[at] as Message)
  }

  /** The message's place among all of the broker's: positions compare across topics. */
  seq(at: number, offset: number): number {
    return at < 0 ? (this.#cells[~at + SEQ] as number) + offset - this.#from : (this.#cells[at + SEQ] as number)
  }

  /** ms from `start`. */
  age(at: number): number {
    return this.#cells[(at < 0 ? ~at : at) + AGE] as number
  }

  /** Undefined for one that does not expire, or that the log has forgotten. */
  expires(offset: number): number | undefined {
    return offset < this.head ? undefined : this.#expiries?.at(offset)
  }

  /** Forgets the first message; there must be one. Returns what it weighed. */
  shift(): number {
    return this.trim(this.tail, 1, 0)
  }

  /**
   * Forgets the first messages, below `floor`, until so many of them or so many bytes are gone. Returns what they weighed.
   * Where no more than `slack` of them are left to go, the first run stays whole. A batch of `next` messages follows.
   */
  trim(floor: number, messages: number, bytes: number, slack = 0, next = 0): number {
    const goal = Math.min(floor, this.head + messages)
    let gone = 0
    while (this.head < floor && (this.head < goal || gone < bytes)) {
      const at = this.#at(this.#firstRow)
      const from = this.#cells[at + OFFSET] as number
      const end = this.#end(this.#firstRow)
      if (end - from === 1) {
        gone += weight(this.#cells[at] as Message)
        this.#forget(at, end)
        continue
      }
      const run = this.#cells[at] as Run
      if (end <= goal || (end <= floor && gone + run.bytes <= bytes)) {
        gone += run.bytes
        this.#forgetRun(at, end)
        if (end - from === next) this.#spare = run
      } else if (goal - this.head <= slack && gone >= bytes) break
      else {
        const weighed = run.bytes
        this.head = from + run.forget(this.head - from, goal - from, Math.min(floor, end) - from, bytes - gone)
        gone += weighed - run.bytes
        if (this.head === end) this.#forgetRun(at, end)
      }
    }
    return gone
  }

  /** The offset of the first message with a larger sequence number. */
  after(seq: number): number {
    const row = this.#last(SEQ, seq)
    if (row < this.#firstRow) return this.head
    const at = this.#at(row)
    const offset = (this.#cells[at + OFFSET] as number) + seq + 1 - (this.#cells[at + SEQ] as number)
    return Math.max(this.head, Math.min(offset, this.#end(row)))
  }

  /** The offset of the first message that was published at `time` or later. Delayed messages stand later than their time. */
  since(time: number): number {
    const age = time - this.start
    for (let row = this.#firstRow; row < this.#nextRow; row++) {
      const at = this.#at(row)
      if (this.age(at) >= age) return Math.max(this.head, this.#cells[at + OFFSET] as number)
    }
    return this.tail
  }

  #add(entry: Message | Run, count: number, seq: number, time: number): void {
    if (this.#nextRow - this.#firstRow > this.#mask) this.#grow()
    const cells = this.#cells
    const at = this.#at(this.#nextRow)
    cells[at] = entry
    cells[at + OFFSET] = this.tail
    cells[at + SEQ] = seq
    cells[at + AGE] = time - this.#epoch.start
    this.#nextRow++
    this.tail += count
    this.#expiries?.add(this.head, this.tail - count, this.tail)
  }

  /** The first row goes, up to its end. */
  #forget(at: number, end: number): void {
    this.#cells[at] = undefined
    this.#firstRow++
    this.head = end
  }

  #forgetRun(at: number, end: number): void {
    this.#forget(at, end)
    if (this.#found >= this.#firstRow) return
    this.#messages = NOTHING
    this.#from = this.#to
  }

  #findAnywhere(offset: number): number {
    if (offset < this.#from || offset >= this.#to) this.#look(offset)
    const at = this.#at(this.#found)
    return this.#messages === NOTHING ? at : ~at
  }

  /** Whoever reads in order finds the next row behind the last. */
  #look(offset: number): void {
    const row = offset === this.#to ? this.#found + 1 : this.#last(OFFSET, offset)
    const at = this.#at(row)
    this.#found = row
    this.#from = this.#cells[at + OFFSET] as number
    this.#to = this.#end(row)
    this.#messages = this.#to - this.#from === 1 ? NOTHING : (this.#cells[at] as Run).messages
  }

  #at(row: number): number {
    return (row & this.#mask) * WIDTH
  }

  /** The first offset of the row behind it. */
  #end(row: number): number {
    return row + 1 === this.#nextRow ? this.tail : (this.#cells[this.#at(row + 1) + OFFSET] as number)
  }

  /** The last row that has no more than that in a column; the one before the first where there is none. */
  #last(column: number, value: number): number {
    let low = this.#firstRow
    let high = this.#nextRow
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#cells[this.#at(middle) + column] as number) > value) high = middle
      else low = middle + 1
    }
    return low - 1
  }

  #grow(): void {
    const rows = (this.#mask + 1) * 2
    const cells = new Array<Cell>(rows * WIDTH).fill(undefined)
    for (let row = this.#firstRow; row < this.#nextRow; row++) {
      const from = this.#at(row)
      const to = (row & (rows - 1)) * WIDTH
      for (let i = 0; i < WIDTH; i++) cells[to + i] = this.#cells[from + i]
    }
    this.#cells = cells
    this.#mask = rows - 1
  }
}
