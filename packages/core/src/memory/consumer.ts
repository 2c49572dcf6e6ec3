import type { AttachSpec, Raw, Settlement, Sink, Source } from '../adapter/driver.ts'
import type { Clock, Timer } from '../clock/clock.ts'
import type { Entry, Redelivered } from './entry.ts'
import type { Group } from './group.ts'

/** A lease is watched in so many ticks: one ends between one and one and a quarter of its length. */
const TICKS = 4

export interface ConsumerOptions {
  readonly clock: Clock
  readonly spec: AttachSpec
  readonly sink: Sink
  /** The sequence number of the newest message, for the position when nothing is open. */
  readonly newest: () => number
  readonly leave: (consumer: Consumer) => void
}

/** One subscription's end in the memory broker: its credit, its leases and the groups it takes from. */
export class Consumer implements Source {
  readonly sink: Sink
  readonly spec: AttachSpec
  /** So many more may be handed over. */
  credit = 0
  /** Counts the lease's ticks. */
  epoch = 0
  /** Groups that had something when there was no credit. */
  readonly hungry: Set<Group> = new Set()
  readonly #groups = new Map<string, Group>()
  readonly #options: ConsumerOptions
  readonly #tick: number
  #only: Group | undefined
  #timer: Timer | undefined
  #state: 'taking' | 'paused' | 'stopped' = 'taking'

  constructor(options: ConsumerOptions) {
    this.#options = options
    this.sink = options.sink
    this.spec = options.spec
    this.#tick = Math.max(1, Math.ceil((options.spec.lease ?? 30_000) / TICKS))
  }

  get groups(): Iterable<Group> {
    return this.#groups.values()
  }

  /** Whether it takes from the topic already. */
  has(topic: string): boolean {
    return this.#groups.has(topic)
  }

  join(topic: string, group: Group): void {
    this.#groups.set(topic, group)
    this.#only = this.#groups.size === 1 ? group : undefined
    group.add(this)
    group.pump()
  }

  request(credit: number): void {
    if (this.#state !== 'taking') return
    this.credit += credit
    if (this.#only) this.#only.pump()
    else if (this.hungry.size > 0) {
      const hungry = [...this.hungry]
      this.hungry.clear()
      for (const group of hungry) group.pump()
    } else for (const group of this.#groups.values()) if (group.backlog) group.pump()
  }

  settle(batch: readonly Settlement[]): void {
    const touched = this.#only ?? new Set<Group>()
    for (let i = 0; i < batch.length; i++) {
      const settlement = batch[i]! // i < length
      const group = this.#only ?? this.#groups.get(settlement.raw.topic)
      if (!group) continue
      group.settle(settlement, this)
      if (touched instanceof Set) touched.add(group)
    }
    for (const group of touched instanceof Set ? touched : [touched]) group.done()
  }

  extend(batch: readonly Raw[], lease: number): Promise<readonly Raw[]> {
    const epoch = this.epoch + Math.max(0, Math.ceil(lease / this.#tick) - TICKS)
    const lost = batch.filter(raw => !this.#groups.get(raw.topic)?.extend(raw as Entry | Redelivered, this, epoch))
    return Promise.resolve(lost)
  }

  position(): string {
    let first: number | undefined
    for (const group of this.#groups.values()) {
      const open = group.firstOpen()
      if (open !== undefined && (first === undefined || open < first)) first = open
    }
    return String(first === undefined ? this.#options.newest() : first - 1)
  }

  pause(): void {
    this.#state = 'paused'
    this.credit = 0
  }

  stop(): Promise<void> {
    if (this.#state !== 'stopped') {
      this.#state = 'stopped'
      this.credit = 0
      this.#timer?.cancel()
      for (const group of this.#groups.values()) group.remove(this)
      this.#options.leave(this)
    }
    return Promise.resolve()
  }

  /** To be called at a hand-over: watches the leases as long as anything is in hand. */
  armLease(): void {
    if (this.#timer || this.#state === 'stopped') return
    this.#timer = this.#options.clock.after(this.#tick, () => this.#sweep(), { background: true })
  }

  #sweep(): void {
    this.#timer = undefined
    this.epoch++
    const lost: Raw[] = []
    let holding = false
    for (const group of this.#groups.values()) {
      lost.push(...group.expireLeases(this, this.epoch - TICKS - 1))
      holding ||= group.holds(this)
    }
    if (holding) this.armLease()
    if (lost.length === 0) return
    this.sink.lost(lost)
    for (const group of this.#groups.values()) group.pump()
  }
}
