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
const NOTHING: Slot[] = []

/** A group's place in one log: what was handed out to whom, and up to where all is settled. */
export class Cursor {
  /** The next offset to hand out for the first time. */
  next: number
  /** The lowest offset that is not settled. */
  floor: number
  /** The slot at `floor` where no other is in use: then `#slots` is not touched. */
  #lone: Slot = undefined
  readonly log: Log
  readonly group: Group
  /** From `floor` to `next`; unless `next` stands right behind `floor`, and since it last did. */
  #slots: Slot[] = NOTHING
  #mask = -1
  #many = false
  /** Who was lent the last that was lent. */
  #borrower: Consumer | undefined
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

  /** Handed out, and neither settled nor waiting for another attempt. */
  get inFlight(): number {
    let count = 0
    for (let offset = this.floor; offset < this.next; offset++) {
      const slot = this.#at(offset)
      if (slot !== WAITING && slot !== SETTLED) count++
    }
    return count
  }

  /** Hands out the next one for the first time. */
  take(consumer: Consumer): Hand {
    const offset = this.next
    const hand = new Hand(this, offset, 1, consumer, consumer.epoch)
    this.#append(hand)
    return hand
  }

  /** Whether there is a next one to lend: none other is in hand, and it does not expire. */
  get lends(): boolean {
    const { next, log } = this
    return next < log.tail && next === this.floor && !log.mortal
  }

  /**
   * Hands out the next one without remembering it: until it is kept or settled nobody has it. For a message that is
   * settled in the same turn, a slot that pointed to it would be dearer than most else that is done for it.
   */
  lend(consumer: Consumer): Hand {
    this.#borrower = consumer
    return new Hand(this, this.next++, 1, undefined, 0)
  }

  /** The offset of what the consumer was lent, and has neither kept nor settled yet. It was lent as the first that was open. */
  lentTo(consumer: Consumer): number | undefined {
    const { floor, next } = this
    return floor < next && this.#at(floor) === undefined && this.#borrower === consumer ? floor : undefined
  }

  /** One that was lent stays in hand; unless it was dropped meanwhile. */
  keep(hand: Hand, consumer: Consumer): void {
    if (hand.offset >= this.floor) this.give(hand, consumer)
    else hand.holder = consumer
  }

  give(hand: Hand, consumer: Consumer): void {
    hand.holder = consumer
    hand.epoch = consumer.epoch
    this.#put(hand.offset, hand)
  }

  /** Passes over the next one: it is settled without ever being handed out. */
  skip(): void {
    const offset = this.next
    this.#append(undefined)
    this.settle(offset)
  }

  /** Whether it is this very hand-out that counts: not settled, not expired, not dropped. */
  valid(hand: Hand): boolean {
    return hand.offset >= this.floor && this.#at(hand.offset) === hand
  }

  /** Nobody has it; it will be handed out again. */
  wait(offset: number): void {
    this.#put(offset, WAITING)
  }

  waits(offset: number): boolean {
    return offset >= this.floor && this.#at(offset) === WAITING
  }

  settle(offset: number): void {
    if (this.#many) return this.#settleOne(offset)
    this.#lone = undefined
    this.floor = offset + 1
  }

  /** One of several that are in hand. */
  #settleOne(offset: number): void {
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
    if (floor === this.next) this.#many = false
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
      const slot = this.#at(offset)
      if (slot instanceof Hand && (consumer === undefined || slot.holder === consumer)) yield slot
    }
  }

  #at(offset: number): Slot {
    return this.#many ? this.#slots[offset & this.#mask] : this.#lone
  }

  #put(offset: number, slot: Slot): void {
    if (this.#many) this.#slots[offset & this.#mask] = slot
    else this.#lone = slot
  }

  /** A slot at `next`. */
  #append(slot: Slot): void {
    const offset = this.next++
    if (offset === this.floor) this.#lone = slot
    else this.#appendTo(offset, slot)
  }

  /** Others are in hand. */
  #appendTo(offset: number, slot: Slot): void {
    if (offset - this.floor > this.#mask) this.#grow()
    if (!this.#many) {
      this.#many = true
      this.#slots[this.floor & this.#mask] = this.#lone
      this.#lone = undefined
    }
    this.#slots[offset & this.#mask] = slot
  }

  /** Makes room for the slot at `next - 1`. */
  #grow(): void {
    const slots = new Array<Slot>(this.#slots.length * 2 || FIRST).fill(undefined)
    const mask = slots.length - 1
    for (let offset = this.floor; offset < this.next - 1; offset++)
      slots[offset & mask] = this.#slots[offset & this.#mask]
    this.#slots = slots
    this.#mask = mask
  }
}
