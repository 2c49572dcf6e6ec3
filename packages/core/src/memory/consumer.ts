import type { AttachSpec, Raw, Settlement, Sink, Source } from '../adapter/driver.ts'
import { Ring } from '../adapter/ring.ts'
import type { Clock, Timer } from '../clock/clock.ts'
import type { Group, Member } from './group.ts'
import type { Hand } from './hand.ts'

/** A lease is watched in so many ticks: one ends between one and one and a quarter of its length. */
const TICKS = 4
/** Taken from one topic before another has its turn. */
const IN_A_ROW = 8

export interface ConsumerOptions {
  readonly clock: Clock
  readonly spec: AttachSpec
  readonly sink: Sink
  /** The sequence number of the newest message, for the position when nothing is open. */
  readonly newest: () => number
  readonly leave: (consumer: Consumer) => void
}

/** One subscription's end in the memory broker: the groups it takes from, and its leases. */
export class Consumer implements Source {
  readonly sink: Sink
  readonly spec: AttachSpec
  /** Counts the lease's ticks. */
  epoch = 0
  readonly #members = new Map<string, Member>()
  /** Members of groups that may have something; each of the others is armed in its group. */
  readonly #hungry = new Ring<Member>()
  readonly #options: ConsumerOptions
  readonly #tick: number
  #only: Member | undefined
  /** Whose turn it is, and how many more it may give. */
  #current: Member | undefined
  #left = 0
  #timer: Timer | undefined
  #state: 'taking' | 'paused' | 'stopped' = 'taking'

  constructor(options: ConsumerOptions) {
    this.#options = options
    this.sink = options.sink
    this.spec = options.spec
    this.#tick = Math.max(1, Math.ceil((options.spec.lease ?? 30_000) / TICKS))
  }

  /** Where it takes from. */
  get places(): { readonly topic: string; readonly group: Group }[] {
    return [...this.#members].map(([topic, { group }]) => ({ topic, group }))
  }

  /** Whether it takes from the topic already. */
  has(topic: string): boolean {
    return this.#members.has(topic)
  }

  join(topic: string, group: Group): void {
    const member = group.add(this)
    this.#members.set(topic, member)
    this.#only = this.#members.size === 1 ? member : undefined
    this.#queue(member)
    if (this.#state === 'taking') this.sink.ready()
  }

  /** A group has something for this consumer. */
  wake(member: Member): boolean {
    if (this.#state !== 'taking') return false
    if (!this.#only) this.#queue(member)
    return this.sink.ready()
  }

  take(): Raw | undefined {
    if (this.#state !== 'taking') return undefined
    const only = this.#only
    const hand = only ? only.group.take(only) : this.#takeAny()
    if (hand && this.#timer === undefined) this.#watch()
    return hand
  }

  lend(): Raw | undefined {
    if (this.#state !== 'taking') return undefined
    const member = this.#only ?? this.#inTurn()
    return member?.group.lend(member)
  }

  keep(raw: Raw): void {
    const hand = raw as Hand
    hand.cursor.keep(hand, this)
    if (this.#timer === undefined) this.#watch()
  }

  done(raw: Raw): void {
    const hand = raw as Hand
    hand.cursor.group.ack(hand)
  }

  settle(batch: readonly Settlement[]): void {
    let group: Group | undefined
    for (let i = 0; i < batch.length; i++) {
      const settlement = batch[i]! // i < length
      const hand = settlement.raw as Hand
      if (hand.cursor.group !== group) {
        group?.done()
        group = hand.cursor.group
      }
      group.settle(hand, settlement)
    }
    group?.done()
  }

  extend(batch: readonly Raw[], lease: number): Promise<readonly Raw[]> {
    const epoch = this.epoch + Math.max(0, Math.ceil(lease / this.#tick) - TICKS)
    const lost: Raw[] = []
    for (const raw of batch) {
      const hand = raw as Hand
      if (hand.cursor.valid(hand)) hand.epoch = epoch
      else lost.push(raw)
    }
    return Promise.resolve(lost)
  }

  position(): string {
    let first: number | undefined
    for (const { group } of this.#members.values()) {
      const open = group.firstOpen()
      if (open !== undefined && (first === undefined || open < first)) first = open
    }
    return String(first === undefined ? this.#options.newest() : first - 1)
  }

  pause(): void {
    this.#state = 'paused'
    for (const { group } of this.#members.values()) group.wake()
  }

  stop(): Promise<void> {
    if (this.#state !== 'stopped') {
      this.#state = 'stopped'
      this.#timer?.cancel()
      for (const member of this.#members.values()) member.group.remove(member)
      this.#options.leave(this)
    }
    return Promise.resolve()
  }

  #queue(member: Member): void {
    if (member.queued) return
    member.queued = true
    this.#hungry.push(member)
  }

  #takeAny(): Hand | undefined {
    for (let member = this.#inTurn(); member; member = this.#inTurn()) {
      const hand = member.group.take(member)
      if (hand) return hand
      this.#current = undefined
      this.#left = 0
    }
    return undefined
  }

  /** Whose turn it is of those that may have something: each gives a few, for going on to the next has its price. */
  #inTurn(): Member | undefined {
    if (this.#left > 0) {
      this.#left--
      return this.#current
    }
    if (this.#current !== undefined) this.#queue(this.#current)
    const member = this.#hungry.shift()
    this.#current = member
    if (member === undefined) return undefined
    member.queued = false
    this.#left = IN_A_ROW - 1
    return member
  }

  /** Watches the leases as long as anything is in hand. */
  #watch(): void {
    this.#timer = this.#options.clock.after(this.#tick, () => this.#sweep(), { background: true })
  }

  #sweep(): void {
    this.#timer = undefined
    this.epoch++
    const lost: Raw[] = []
    let holding = false
    for (const { group } of this.#members.values()) {
      lost.push(...group.expireLeases(this, this.epoch - TICKS - 1))
      holding ||= group.holds(this)
    }
    if (holding) this.#watch()
    if (lost.length === 0) return
    this.sink.lost(lost)
    for (const { group } of this.#members.values()) group.wake()
  }
}
