import type { Message } from '../contract.ts'
import { Entry } from './entry.ts'

/** The messages of one topic and priority, in order: a circle of slots that doubles when it is full. */
export class Log {
  readonly topic: string
  readonly priority: number
  /** The first offset that is still kept. */
  head = 0
  /** The offset that the next message gets. */
  tail = 0
  #slots: (Entry | undefined)[] = new Array<Entry | undefined>(16).fill(undefined)
  #mask = 15

  constructor(topic: string, priority: number) {
    this.topic = topic
    this.priority = priority
  }

  get size(): number {
    return this.tail - this.head
  }

  append(message: Message, seq: number, time: number, expires: number | undefined): Entry {
    if (this.tail - this.head > this.#mask) this.#grow()
    const entry = new Entry(this, this.tail, seq, message, time, expires)
    this.#slots[this.tail & this.#mask] = entry
    this.tail++
    return entry
  }

  /** The entry at an offset from `head` to `tail - 1`. */
  at(offset: number): Entry {
    return this.#slots[offset & this.#mask]! // the caller keeps within the bounds
  }

  /** Forgets the first entry; there must be one. */
  shift(): Entry {
    const at = this.head & this.#mask
    const entry = this.#slots[at]! // the caller knows that there is one
    this.#slots[at] = undefined
    this.head++
    return entry
  }

  /** The offset of the first entry with a larger sequence number. */
  after(seq: number): number {
    let low = this.head
    let high = this.tail
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.at(middle).seq > seq) high = middle
      else low = middle + 1
    }
    return low
  }

  /** The offset of the first entry that was published at `time` or later. Delayed messages stand later than their time. */
  since(time: number): number {
    for (let offset = this.head; offset < this.tail; offset++) if (this.at(offset).time >= time) return offset
    return this.tail
  }

  #grow(): void {
    const old = this.#slots
    const slots = new Array<Entry | undefined>(old.length * 2).fill(undefined)
    const mask = slots.length - 1
    for (let offset = this.head; offset < this.tail; offset++) slots[offset & mask] = old[offset & this.#mask]
    this.#slots = slots
    this.#mask = mask
  }
}
