import type { Consumer } from './consumer.ts'
import type { Group } from './group.ts'
import { Hand } from './hand.ts'
import type { Log } from './log.ts'

/** Nobody has it: it waits for another attempt. */
const WAITING = 1
/** Settled before those that stand in front of it. */
const SETTLED = 2
const FIRST = 4
type Slot = Hand | typeof WAITING | typeof SETTLED | undefined

/** A group's place in one log: what was handed out to whom, and up to where all is settled. */
export class Cursor {
  readonly group: Group
  readonly log: Log
  /** The next offset to hand out for the first time. */
  next: number
  /** The lowest offset that is not settled. */
  floor: number
  /** From `floor` to `next`. */
  #slots: Slot[] = new Array<Slot>(FIRST).fill(undefined)
  #mask = FIRST - 1
  #settledAhead = 0

  constructor(group: Group, log: Log, offset: number) {
    this.group = group
    this.log = log
    this.next = offset
    this.floor = offset
  }

  /** Not settled: handed out, waiting or never handed out. */
  get pending(): number {
    return this.log.tail - this.floor - this.#settledAhead
  }

  /** Hands out the next one for the first time. */
  take(consumer: Consumer): Hand {
    const offset = this.next
    if (offset - this.floor > this.#mask) this.#grow()
    this.next = offset + 1
    const hand = new Hand(this, offset, 1, consumer, consumer.epoch)
    this.#slots[offset & this.#mask] = hand
    return hand
  }

  give(hand: Hand, consumer: Consumer): void {
    hand.holder = consumer
    hand.epoch = consumer.epoch
    this.#slots[hand.offset & this.#mask] = hand
  }

  /** Passes over the next one: it is settled without ever being handed out. */
  skip(): void {
    const offset = this.next
    if (offset - this.floor > this.#mask) this.#grow()
    this.next = offset + 1
    this.settle(offset)
  }

  /** Whether it is this very hand-out that counts: not settled, not expired, not dropped. */
  valid(hand: Hand): boolean {
    return hand.offset >= this.floor && this.#slots[hand.offset & this.#mask] === hand
  }

  /** Nobody has it; it will be handed out again. */
  wait(offset: number): void {
    this.#slots[offset & this.#mask] = WAITING
  }

  waits(offset: number): boolean {
    return offset >= this.floor && this.#slots[offset & this.#mask] === WAITING
  }

  settle(offset: number): void {
    const slots = this.#slots
    const mask = this.#mask
    if (offset !== this.floor) {
      slots[offset & mask] = SETTLED
      this.#settledAhead++
      return
    }
    slots[offset & mask] = undefined
    let floor = offset + 1
    while (floor < this.next && slots[floor & mask] === SETTLED) {
      slots[floor & mask] = undefined
      this.#settledAhead--
      floor++
    }
    this.floor = floor
  }

  /** The log is about to forget its first message, whoever has it. True where it was not settled. */
  drop(): boolean {
    const { head } = this.log
    if (head < this.floor) return false
    if (head >= this.next) this.skip()
    else this.settle(head)
    return true
  }

  /** What the consumer has in hand; all consumers' without one. Each may be settled or made to wait meanwhile. */
  *held(consumer?: Consumer): IterableIterator<Hand> {
    for (let offset = this.floor; offset < this.next; offset++) {
      const slot = this.#slots[offset & this.#mask]
      if (slot instanceof Hand && (consumer === undefined || slot.holder === consumer)) yield slot
    }
  }

  #grow(): void {
    const slots = new Array<Slot>(this.#slots.length * 2).fill(undefined)
    const mask = slots.length - 1
    for (let offset = this.floor; offset < this.next; offset++) slots[offset & mask] = this.#slots[offset & this.#mask]
    this.#slots = slots
    this.#mask = mask
  }
}
