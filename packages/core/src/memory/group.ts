import type { From } from '../contract.ts'
import { MillraceError } from '../errors.ts'
import { Ring } from '../adapter/ring.ts'
import type { Settlement } from '../adapter/driver.ts'
import type { Schedule } from '../clock/schedule.ts'
import type { Scheduled } from '../clock/schedule.ts'
import type { Clock } from '../clock/clock.ts'
import type { Consumer } from './consumer.ts'
import { Cursor } from './cursor.ts'
import { Hand } from './hand.ts'
import type { Log } from './log.ts'
import { noCounts } from './statistics.ts'
import type { Counts, GroupStatistics } from './statistics.ts'

/** The topic, as its groups need it. */
export interface GroupOwner {
  readonly clock: Clock
  readonly schedule: Schedule
  /** Messages were settled: there may be room for publishers. */
  admit(): void
}

/** A consumer in a group. */
export interface Member {
  readonly consumer: Consumer
  readonly group: Group
  /** It found nothing and waits to be woken. */
  armed: boolean
  /** The consumer has it in line. */
  queued: boolean
}

/** A group's view of one topic: who consumes, what was handed out, what comes again. One without a name is a subscription's own. */
export class Group {
  // First what every message touches, together: over thousands of topics each line of the cache counts.
  /** The only one, where there is one: the usual case looks no further. */
  #cursor: Cursor | undefined
  /** Due for another attempt. */
  #ready: Ring<Hand> | undefined
  #delivered = 0
  #acked = 0
  /** The only one, where there is one. */
  #member: Member | undefined
  readonly #owner: GroupOwner
  /** Undefined for an ephemeral subscription's own. */
  readonly name: string | undefined
  readonly #rare: Counts = noCounts()
  /** By priority, highest first. */
  readonly #cursors: Cursor[] = []
  #delayed: Map<Hand, Scheduled> | undefined
  #members: readonly Member[] = []
  /** Those that found nothing, in turn, where there are several members. */
  #armed: Ring<Member> | undefined

  constructor(name: string | undefined, owner: GroupOwner) {
    this.name = name
    this.#owner = owner
  }

  /** A log of the topic's: `from` says where the group begins in it. */
  join(log: Log, from: From): void {
    const cursor = new Cursor(this, log, begin(log, from))
    const at = this.#cursors.findIndex(other => other.log.priority < log.priority)
    if (at < 0) this.#cursors.push(cursor)
    else this.#cursors.splice(at, 0, cursor)
    this.#cursor = this.#cursors.length === 1 ? cursor : undefined
  }

  get backlog(): boolean {
    if (this.#ready !== undefined && this.#ready.size > 0) return true
    const only = this.#cursor
    if (only !== undefined) return only.next < only.log.tail
    for (const cursor of this.#cursors) if (cursor.next < cursor.log.tail) return true
    return false
  }

  get pending(): number {
    let pending = 0
    for (const cursor of this.#cursors) pending += cursor.pending
    return pending
  }

  /** Up to where the log is of no more use to this group. */
  floor(log: Log): number {
    const only = this.#cursor
    if (only !== undefined) return only.floor
    for (const cursor of this.#cursors) if (cursor.log === log) return cursor.floor
    return log.tail
  }

  /** The sequence number of the first message that is not settled. */
  firstOpen(): number | undefined {
    let first: number | undefined
    for (const { floor, log } of this.#cursors)
      if (floor < log.tail) first = Math.min(first ?? Infinity, log.seq(log.find(floor), floor))
    return first
  }

  get counts(): Counts {
    return { ...this.#rare, delivered: this.#delivered, acked: this.#acked }
  }

  get consumers(): number {
    return this.#members.length
  }

  add(consumer: Consumer): Member {
    const member: Member = { consumer, group: this, armed: false, queued: false }
    // Who is armed alone stands in no line; with company it does.
    if (this.#member?.armed) this.#line().push(this.#member)
    this.#members = [...this.#members, member]
    this.#member = this.#members.length === 1 ? member : undefined
    return member
  }

  /** The consumer leaves: whatever it still has comes again. */
  remove(member: Member): void {
    if (!this.#members.includes(member)) return
    this.#members = this.#members.filter(one => one !== member)
    this.#member = this.#members.length === 1 ? this.#members[0] : undefined
    for (const cursor of this.#cursors) {
      for (const { offset, attempt } of cursor.held(member.consumer)) this.#again(cursor, offset, attempt)
      const lent = cursor.lentTo(member.consumer) // its handler is at work
      if (lent !== undefined) this.#again(cursor, lent, 1)
    }
    this.wake()
  }

  /** The next message for a member, or nothing; then it is armed, and woken when there is something again. */
  take(member: Member): Hand | undefined {
    const hand =
      this.#ready !== undefined && this.#ready.size > 0
        ? this.#retake(this.#ready, member.consumer)
        : this.#takeNew(member.consumer)
    if (hand) this.#delivered++
    else this.arm(member)
    return hand
  }

  /** The next message, where nothing is unusual: then nobody need remember who has it. */
  lend(member: Member): Hand | undefined {
    const cursor = this.#cursor
    if (cursor === undefined || !cursor.lends || (this.#ready !== undefined && this.#ready.size > 0)) return undefined
    this.#delivered++
    return cursor.lend(member.consumer)
  }

  /** There is nothing for it now: it is to be woken. */
  arm(member: Member): void {
    if (member.armed) return
    member.armed = true
    if (this.#member === undefined) this.#line().push(member)
  }

  /** Tells those that wait, in turn, as long as there is something. */
  wake(): void {
    const alone = this.#member
    if (alone !== undefined) {
      if (alone.armed && this.backlog) {
        alone.armed = false
        if (!alone.consumer.wake(alone)) alone.armed = true
      }
      return
    }
    const line = this.#armed
    for (let left = line?.size ?? 0; line && left > 0 && this.backlog; left--) {
      const member = line.shift()! // left > 0
      member.armed = false
      if (this.#members.includes(member) && !member.consumer.wake(member) && !member.armed) {
        // Nobody waits there now. It stays in line for what comes later.
        member.armed = true
        this.#line().push(member)
      }
    }
  }

  /** A hand-out was acked, on its own. */
  ack(hand: Hand): void {
    const { cursor } = hand
    if (hand.holder === undefined ? hand.offset < cursor.floor : !cursor.valid(hand)) return
    cursor.settle(hand.offset)
    this.#acked++
    this.#owner.admit()
  }

  /** One of the consumer's hand-outs was decided. One that no longer counts is passed over. */
  settle(hand: Hand, settlement: Settlement): void {
    const { cursor, offset } = hand
    if (!cursor.valid(hand)) return
    switch (settlement.outcome) {
      case 'ack':
        cursor.settle(offset)
        if (settlement.why === undefined) this.#acked++
        else if (settlement.why === 'dead-lettered') this.#rare.deadLettered++
        else if (settlement.why === 'expired') this.#rare.expired++
        else this.#rare.dropped++
        break
      case 'nack':
        this.#rare.nacked++
        this.#later(cursor, offset, settlement.attempt + 1, settlement.delay)
        break
      case 'release':
        this.#rare.released++
        this.#again(cursor, offset, settlement.attempt)
        break
      case 'hold':
        // Core has it, and hands it out again without coming back here.
        this.#rare.nacked++
        this.#rare.redelivered++
        this.#delivered++
    }
  }

  /** A batch was settled: others may come, publishers may go on. */
  done(): void {
    if (this.#ready !== undefined && this.#ready.size > 0) this.wake()
    this.#owner.admit()
  }

  /** Whether the consumer has anything in hand. */
  holds(consumer: Consumer): boolean {
    return this.#cursors.some(cursor => !cursor.held(consumer).next().done)
  }

  /** Takes from the consumer what it has held since before the epoch: each comes again, as another attempt. */
  expireLeases(consumer: Consumer, before: number): Hand[] {
    const lost: Hand[] = []
    for (const cursor of this.#cursors)
      for (const hand of cursor.held(consumer)) {
        if (hand.epoch > before) continue
        this.#again(cursor, hand.offset, hand.attempt + 1)
        lost.push(hand)
      }
    return lost
  }

  /** The log's first message is going, settled or not. */
  drop(log: Log): void {
    for (const cursor of this.#cursors) if (cursor.log === log && cursor.drop()) this.#rare.dropped++
  }

  gap(why: string): void {
    for (const { consumer } of this.#members) consumer.sink.gap(why)
  }

  /** The group ends: its timers with it. */
  close(): void {
    for (const scheduled of this.#delayed?.values() ?? []) scheduled.cancel()
    this.#delayed = undefined
    this.#ready = undefined
  }

  statistics(): GroupStatistics {
    let inFlight = 0
    for (const cursor of this.#cursors) inFlight += cursor.inFlight
    const { published: _, ...counts } = this.counts
    return { ...counts, pending: this.pending, inFlight, consumers: this.#members.length }
  }

  #retake(ready: Ring<Hand>, consumer: Consumer): Hand | undefined {
    for (let hand = ready.shift(); hand; hand = ready.shift()) {
      if (!hand.cursor.waits(hand.offset)) continue // dropped meanwhile
      if (this.#expired(hand.expires)) {
        hand.cursor.settle(hand.offset)
        continue
      }
      hand.cursor.give(hand, consumer)
      if (hand.attempt > 1) this.#rare.redelivered++
      return hand
    }
    return this.#takeNew(consumer)
  }

  #takeNew(consumer: Consumer): Hand | undefined {
    if (this.#cursor !== undefined) return this.#takeFrom(this.#cursor, consumer)
    for (const cursor of this.#cursors) {
      const hand = this.#takeFrom(cursor, consumer)
      if (hand) return hand
    }
    return undefined
  }

  #takeFrom(cursor: Cursor, consumer: Consumer): Hand | undefined {
    const { log } = cursor
    while (cursor.next < log.tail) {
      if (log.mortal && this.#expired(log.expires(cursor.next))) cursor.skip()
      else return cursor.take(consumer)
    }
    return undefined
  }

  #line(): Ring<Member> {
    return (this.#armed ??= new Ring())
  }

  #due(): Ring<Hand> {
    return (this.#ready ??= new Ring())
  }

  #expired(expires: number | undefined): boolean {
    if (expires === undefined || expires > this.#owner.clock.now()) return false
    this.#rare.expired++
    return true
  }

  #later(cursor: Cursor, offset: number, attempt: number, delay: number): void {
    if (delay <= 0) {
      this.#again(cursor, offset, attempt)
      return
    }
    const hand = new Hand(cursor, offset, attempt, undefined, 0)
    cursor.wait(offset)
    const scheduled = this.#owner.schedule.add(this.#owner.clock.now() + delay, () => {
      this.#delayed?.delete(hand)
      this.#due().push(hand)
      this.wake()
    })
    this.#delayed ??= new Map()
    this.#delayed.set(hand, scheduled)
  }

  #again(cursor: Cursor, offset: number, attempt: number): void {
    cursor.wait(offset)
    this.#due().push(new Hand(cursor, offset, attempt, undefined, 0))
  }
}

/** @throws BAD_OPTION */
function begin(log: Log, from: From): number {
  if (from === 'earliest') return log.head
  if (from === 'latest') return log.tail
  if ('time' in from) return log.since(from.time)
  const seq = from.after === '' ? Number.NaN : Number(from.after)
  if (!Number.isFinite(seq))
    throw new MillraceError('BAD_OPTION', `from: '${from.after}' is no position of the memory broker's`)
  return log.after(seq)
}
