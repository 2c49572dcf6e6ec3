import type { From } from '../contract.ts'
import { MillraceError } from '../errors.ts'
import { Ring } from '../adapter/ring.ts'
import type { Settlement } from '../adapter/driver.ts'
import type { Schedule } from '../clock/schedule.ts'
import type { Scheduled } from '../clock/schedule.ts'
import type { Clock } from '../clock/clock.ts'
import type { Consumer } from './consumer.ts'
import { Cursor } from './cursor.ts'
import { Redelivered } from './entry.ts'
import type { Entry } from './entry.ts'
import type { Log } from './log.ts'
import { noCounts } from './statistics.ts'
import type { Counts, GroupStatistics } from './statistics.ts'

/** Handed over in one call at most. */
const BATCH = 256

export interface GroupOptions {
  readonly clock: Clock
  readonly schedule: Schedule
  /** Called when messages were settled: there may be room for publishers. */
  readonly settled: () => void
}

/** A group's view of one topic: who consumes, what was handed out, what comes again. One without a name is a subscription's own. */
export class Group {
  readonly counts: Counts = noCounts()
  readonly consumers: Consumer[] = []
  readonly #options: GroupOptions
  /** By priority, highest first. */
  readonly #cursors: Cursor[] = []
  /** Due for another attempt. */
  readonly #ready = new Ring<Redelivered>()
  readonly #delayed = new Map<Redelivered, Scheduled>()
  readonly #batch: (Entry | Redelivered)[] = []
  #turn = 0
  #pump: 'idle' | 'running' | 'again' = 'idle'

  constructor(options: GroupOptions) {
    this.#options = options
  }

  /** A log of the topic's: `from` says where the group begins in it. */
  join(log: Log, from: From): void {
    const cursor = new Cursor(log, begin(log, from))
    const at = this.#cursors.findIndex(other => other.log.priority < log.priority)
    if (at < 0) this.#cursors.push(cursor)
    else this.#cursors.splice(at, 0, cursor)
  }

  get backlog(): boolean {
    return this.#ready.size > 0 || this.#cursors.some(cursor => cursor.backlog)
  }

  get pending(): number {
    let pending = 0
    for (const cursor of this.#cursors) {
      pending += cursor.log.tail - cursor.next
      for (let offset = cursor.floor; offset < cursor.next; offset++) if (!cursor.settledAt(offset)) pending++
    }
    return pending
  }

  /** Up to where the log is of no more use to this group. */
  floor(log: Log): number {
    for (const cursor of this.#cursors) if (cursor.log === log) return cursor.floor
    return log.tail
  }

  /** The sequence number of the first message that is not settled. */
  firstOpen(): number | undefined {
    let first: number | undefined
    for (const { floor, log } of this.#cursors)
      if (floor < log.tail) first = Math.min(first ?? Infinity, log.at(floor).seq)
    return first
  }

  add(consumer: Consumer): void {
    this.consumers.push(consumer)
  }

  /** The consumer leaves: whatever it still has comes again. */
  remove(consumer: Consumer): void {
    const at = this.consumers.indexOf(consumer)
    if (at < 0) return
    this.consumers.splice(at, 1)
    for (const cursor of this.#cursors)
      for (const { raw } of [...cursor.held(consumer)]) this.#again(cursor, raw.entry, raw.attempt)
    this.pump()
  }

  /** Hands out what there is to whoever has credit. */
  pump(): void {
    if (this.#pump !== 'idle') {
      this.#pump = 'again'
      return
    }
    do {
      this.#pump = 'running'
      for (let more = true; more;) more = this.#step()
    } while ((this.#pump as string) === 'again')
    this.#pump = 'idle'
  }

  settle(settlement: Settlement, consumer: Consumer): void {
    const { entry } = settlement.raw as Entry | Redelivered
    const cursor = this.#cursor(entry.log)
    if (!cursor?.heldBy(entry.offset, consumer)) return
    switch (settlement.outcome) {
      case 'ack':
        cursor.settle(entry.offset)
        if (settlement.why === undefined) this.counts.acked++
        else if (settlement.why === 'dead-lettered') this.counts.deadLettered++
        else if (settlement.why === 'expired') this.counts.expired++
        else this.counts.dropped++
        break
      case 'nack':
        this.counts.nacked++
        this.#later(cursor, entry, settlement.attempt + 1, settlement.delay)
        break
      case 'release':
        this.counts.released++
        this.#again(cursor, entry, settlement.attempt)
        break
      case 'hold':
        this.counts.nacked++
        this.counts.redelivered++
    }
  }

  /** A batch was settled: others may come, publishers may go on. */
  done(): void {
    if (this.#ready.size > 0) this.pump()
    this.#options.settled()
  }

  /** Whether the consumer has anything in hand. */
  holds(consumer: Consumer): boolean {
    return this.#cursors.some(cursor => !cursor.held(consumer).next().done)
  }

  /** Gives it more time; false when the consumer does not have it any more. */
  extend(raw: Entry | Redelivered, consumer: Consumer, epoch: number): boolean {
    const cursor = this.#cursor(raw.entry.log)
    if (!cursor?.heldBy(raw.entry.offset, consumer)) return false
    cursor.touch(raw.entry.offset, epoch)
    return true
  }

  /** Takes from the consumer what it has held since before the epoch: each comes again, as another attempt. */
  expireLeases(consumer: Consumer, before: number): (Entry | Redelivered)[] {
    const lost: (Entry | Redelivered)[] = []
    for (const cursor of this.#cursors) {
      for (const { raw, epoch } of [...cursor.held(consumer)]) {
        if (epoch > before) continue
        this.#again(cursor, raw.entry, raw.attempt + 1)
        lost.push(raw)
      }
    }
    return lost
  }

  /** The log's first entry is going, settled or not. */
  drop(log: Log): void {
    if (this.#cursor(log)?.drop(log.head)) this.counts.dropped++
  }

  /** The group ends: its timers with it. */
  close(): void {
    for (const scheduled of this.#delayed.values()) scheduled.cancel()
    this.#delayed.clear()
    this.#ready.clear()
  }

  statistics(): GroupStatistics {
    let inFlight = 0
    for (const consumer of this.consumers)
      for (const cursor of this.#cursors) for (const _ of cursor.held(consumer)) inFlight++
    const { published: _, ...counts } = this.counts
    return { ...counts, pending: this.pending, inFlight, consumers: this.consumers.length }
  }

  /** One hand-over to one consumer. False when there is nothing left to hand out, or nobody to take it. */
  #step(): boolean {
    const consumer = this.#taker()
    if (!consumer) {
      if (this.backlog) for (const one of this.consumers) one.hungry.add(this)
      return false
    }
    const batch = this.#batch
    batch.length = 0
    const share = this.#share(consumer)
    while (batch.length < share && this.#ready.size > 0) {
      const raw = this.#ready.shift()! // size > 0
      const cursor = this.#cursor(raw.entry.log)
      if (!cursor?.waits(raw.entry.offset)) continue // dropped meanwhile
      cursor.hold(raw, consumer)
      if (raw.attempt > 1) this.counts.redelivered++
      batch.push(raw)
    }
    for (const cursor of this.#cursors) this.#fill(cursor, consumer, share)
    if (batch.length === 0) return this.backlog
    consumer.credit -= batch.length
    this.counts.delivered += batch.length
    consumer.armLease()
    consumer.sink.deliver(batch)
    return true
  }

  #fill(cursor: Cursor, consumer: Consumer, share: number): void {
    const batch = this.#batch
    const { log } = cursor
    while (batch.length < share && cursor.next < log.tail) {
      const { expires } = log.at(cursor.next)
      if (expires !== undefined && expires <= this.#options.clock.now()) {
        cursor.skip()
        this.counts.expired++
      } else batch.push(cursor.advance(consumer))
    }
  }

  /** The next consumer in turn that has credit. */
  #taker(): Consumer | undefined {
    const { consumers } = this
    for (let tried = 0; tried < consumers.length; tried++) {
      if (this.#turn >= consumers.length) this.#turn = 0
      const consumer = consumers[this.#turn++]! // within the bounds
      if (consumer.credit > 0) return consumer
    }
    return undefined
  }

  /** A fair part of what is there: nobody takes all while others wait. */
  #share(consumer: Consumer): number {
    const { length } = this.consumers
    if (length === 1) return Math.min(consumer.credit, BATCH)
    let waiting = this.#ready.size
    for (const cursor of this.#cursors) waiting += cursor.log.tail - cursor.next
    return Math.max(1, Math.min(consumer.credit, BATCH, Math.floor(waiting / length)))
  }

  #later(cursor: Cursor, entry: Entry, attempt: number, delay: number): void {
    if (delay <= 0) {
      this.#again(cursor, entry, attempt)
      return
    }
    const raw = new Redelivered(entry, attempt)
    cursor.wait(entry.offset)
    const scheduled = this.#options.schedule.add(this.#options.clock.now() + delay, () => {
      this.#delayed.delete(raw)
      this.#ready.push(raw)
      this.pump()
    })
    this.#delayed.set(raw, scheduled)
  }

  #again(cursor: Cursor, entry: Entry, attempt: number): void {
    cursor.wait(entry.offset)
    this.#ready.push(new Redelivered(entry, attempt))
  }

  #cursor(log: Log): Cursor | undefined {
    for (const cursor of this.#cursors) if (cursor.log === log) return cursor
    return undefined
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
