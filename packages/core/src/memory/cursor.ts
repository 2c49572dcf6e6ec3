import type { Redelivered } from './entry.ts'
import type { Entry } from './entry.ts'
import type { Log } from './log.ts'
import type { Consumer } from './consumer.ts'

/** Nobody has it: settled, or waiting for another attempt. */
const SETTLED = 1
const WAITING = 2
type Slot = Consumer | typeof SETTLED | typeof WAITING

/** A group's place in one log: what was handed out to whom, and up to where all is settled. */
export class Cursor {
  readonly log: Log
  /** The next offset to hand out for the first time. */
  next: number
  /** The lowest offset that is not settled. */
  floor: number
  #slots: (Slot | undefined)[] = new Array<Slot | undefined>(16).fill(undefined)
  /** The holder's epoch at hand-over or extension, for leases. */
  #epochs: number[] = new Array<number>(16).fill(0)
  #mask = 15
  /** The raw deliveries of those in hand that are not at their first attempt. */
  readonly #again = new Map<number, Redelivered>()

  constructor(log: Log, offset: number) {
    this.log = log
    this.next = offset
    this.floor = offset
  }

  /** Handed out and not settled, or never handed out. */
  get pending(): number {
    return this.log.tail - this.floor
  }

  get backlog(): boolean {
    return this.next < this.log.tail
  }

  /** Hands out the next one for the first time. */
  advance(consumer: Consumer): Entry {
    const offset = this.next++
    if (offset - this.floor > this.#mask) this.#grow()
    const at = offset & this.#mask
    this.#slots[at] = consumer
    this.#epochs[at] = consumer.epoch
    return this.log.at(offset)
  }

  /** Passes over the next one: it is settled without ever being handed out. */
  skip(): void {
    const offset = this.next++
    if (offset - this.floor > this.#mask) this.#grow()
    this.#slots[offset & this.#mask] = WAITING
    this.settle(offset)
  }

  /** Hands one out again. */
  hold(raw: Redelivered, consumer: Consumer): void {
    const { offset } = raw.entry
    const at = offset & this.#mask
    this.#slots[at] = consumer
    this.#epochs[at] = consumer.epoch
    this.#again.set(offset, raw)
  }

  /** Whether the consumer has it in hand. */
  heldBy(offset: number, consumer: Consumer): boolean {
    return offset >= this.floor && offset < this.next && this.#slots[offset & this.#mask] === consumer
  }

  /** Nobody has it; it will be handed out again. */
  wait(offset: number): void {
    this.#slots[offset & this.#mask] = WAITING
    if (this.#again.size > 0) this.#again.delete(offset)
  }

  settledAt(offset: number): boolean {
    return this.#slots[offset & this.#mask] === SETTLED
  }

  waits(offset: number): boolean {
    return offset >= this.floor && this.#slots[offset & this.#mask] === WAITING
  }

  settle(offset: number): void {
    if (this.#again.size > 0) this.#again.delete(offset)
    if (offset !== this.floor) {
      this.#slots[offset & this.#mask] = SETTLED
      return
    }
    this.#slots[offset & this.#mask] = undefined
    let floor = offset + 1
    while (floor < this.next && this.#slots[floor & this.#mask] === SETTLED) {
      this.#slots[floor & this.#mask] = undefined
      floor++
    }
    this.floor = floor
  }

  /** The oldest was dropped from the log, whoever has it. */
  drop(offset: number): boolean {
    if (offset < this.floor) return false
    if (offset >= this.next) {
      this.next = offset
      this.skip()
    } else this.settle(offset)
    return true
  }

  touch(offset: number, epoch: number): void {
    this.#epochs[offset & this.#mask] = epoch
  }

  /** What the consumer has in hand, with the epoch of each. */
  *held(consumer: Consumer): IterableIterator<{ raw: Entry | Redelivered; epoch: number }> {
    for (let offset = this.floor; offset < this.next; offset++) {
      const at = offset & this.#mask
      if (this.#slots[at] !== consumer) continue
      yield { raw: this.#again.get(offset) ?? this.log.at(offset), epoch: this.#epochs[at]! } // the slots' twin
    }
  }

  #grow(): void {
    const slots = new Array<Slot | undefined>(this.#slots.length * 2).fill(undefined)
    const epochs = new Array<number>(slots.length).fill(0)
    const mask = slots.length - 1
    // `next` was advanced already; its own slot is not written yet.
    for (let offset = this.floor; offset < this.next - 1; offset++) {
      slots[offset & mask] = this.#slots[offset & this.#mask]
      epochs[offset & mask] = this.#epochs[offset & this.#mask]!
    }
    this.#slots = slots
    this.#epochs = epochs
    this.#mask = mask
  }
}
