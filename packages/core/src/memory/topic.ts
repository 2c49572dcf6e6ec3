import type { Failure, From, Message } from '../contract.ts'
import type { WriteOptions } from '../adapter/driver.ts'
import { Ring } from '../adapter/ring.ts'
import type { Clock } from '../clock/clock.ts'
import type { Schedule } from '../clock/schedule.ts'
import { MillraceError } from '../errors.ts'
import { DedupeWindow } from './dedupe-window.ts'
import { Group } from './group.ts'
import type { GroupOwner } from './group.ts'
import { Log } from './log.ts'
import type { Epoch } from './log.ts'
import type { MemoryPlan } from './options.ts'
import { OVERHEAD, weight } from './run.ts'
import { addCounts, noCounts } from './statistics.ts'
import type { GroupStatistics, TopicStatistics } from './statistics.ts'

/** Beyond the bound so many settled messages at most are let be before the oldest go: trimming looks at every group. */
const SLACK = 64
const NONE: readonly Failure[] = []

export interface TopicOptions extends Epoch {
  readonly plan: MemoryPlan
  readonly schedule: Schedule
  /** The next so many sequence numbers of the broker's: the first of them. */
  readonly number: (count: number) => number
  /** The estimate of memory grew or shrank. */
  readonly weigh: (bytes: number) => void
  /** The time that new messages get: the clock's, read once in a turn of the event loop. */
  readonly stamp: () => number
}

interface Blocked {
  readonly batch: readonly Message[]
  readonly options: WriteOptions
  index: number
  readonly done: (failures: readonly Failure[]) => void
}

/** One topic: its messages by priority, the groups that read them, and the publishers that wait for room. */
export class Topic implements GroupOwner {
  // First what every message touches, together: over thousands of topics each line of the cache counts.
  /** Priority 0. */
  readonly #usual: Log
  /** The only group, where there is one: the usual case looks no further. */
  #group: Group | undefined
  readonly #options: TopicOptions
  #size = 0
  #bytes = 0
  #published = 0
  #blocked: Ring<Blocked> | undefined
  readonly #slack: number
  readonly name: string
  /** Kept only where idle topics are forgotten. */
  lastUse: number
  /** By priority. */
  readonly #logs: Log[] = []
  #all: readonly Group[] = []
  #dedupe: DedupeWindow | undefined
  #delayed = 0

  constructor(name: string, options: TopicOptions) {
    this.name = name
    this.#options = options
    this.lastUse = options.plan.clock.now()
    this.#slack = Math.min(SLACK, options.plan.retain.messages >> 4)
    this.#usual = new Log(name, 0, options)
    this.#logs.push(this.#usual)
  }

  get subscribers(): number {
    let count = 0
    for (const group of this.#all) count += group.consumers
    return count
  }

  /** Nobody would miss it. */
  get idle(): boolean {
    return (
      this.#delayed === 0 &&
      this.#blocked === undefined &&
      this.#all.every(group => group.consumers === 0 && group.pending === 0)
    )
  }

  get clock(): Clock {
    return this.#options.plan.clock
  }

  get schedule(): Schedule {
    return this.#options.schedule
  }

  /** The group of that name, if there is one. */
  find(name: string): Group | undefined {
    return this.#all.find(group => group.name === name)
  }

  /** The group of that name, made where it is not there yet; without a name a new one. */
  group(name: string | undefined, from: From): Group {
    const existing = name === undefined ? undefined : this.find(name)
    if (existing) return existing
    const group = new Group(name, this)
    for (const log of this.#logs) group.join(log, from)
    this.#all = [...this.#all, group]
    this.#group = this.#all.length === 1 ? group : undefined
    return group
  }

  /** Ends a group. */
  forget(group: Group): void {
    if (!this.#all.includes(group)) return
    group.close()
    this.#all = this.#all.filter(one => one !== group)
    this.#group = this.#all.length === 1 ? this.#all[0] : undefined
    this.admit()
  }

  write(batch: readonly Message[], options: WriteOptions): readonly Failure[] | Promise<readonly Failure[]> {
    const now = this.#options.stamp()
    if (this.#options.plan.idleTopics !== undefined) this.lastUse = now
    if (options.dedupeId !== undefined) {
      this.#dedupe ??= new DedupeWindow(this.#options.plan.dedupeWindow)
      if (!this.#dedupe.first(options.dedupeId, now)) return NONE
    }
    let index = 0
    if (this.#blocked === undefined) {
      if (this.#acceptAll(batch, options, now)) index = batch.length
      for (; index < batch.length; index++) if (!this.#accept(batch[index]!, options, now)) break // index < length
      this.#wakeAll()
      if (index === batch.length) return NONE
    }
    return this.#options.plan.whenFull === 'refuse'
      ? failures(batch, index, this.#full())
      : this.#wait(batch, index, options)
  }

  #wakeAll(): void {
    if (this.#group !== undefined) return this.#group.wake()
    const all = this.#all
    for (let i = 0; i < all.length; i++) all[i]!.wake() // i < length
  }

  /** QUEUE_FULL where a batch would have to wait or be refused now. */
  lacksRoom(batch: readonly Message[]): MillraceError | undefined {
    const { capacity, whenFull } = this.#options.plan
    if (whenFull === 'drop-oldest') return undefined
    const bytes = batch.reduce((sum, one) => sum + weight(one), 0)
    this.#trim(Math.max(0, capacity.messages - batch.length), Math.max(0, capacity.bytes - bytes))
    const fits = this.#size + batch.length <= capacity.messages && this.#bytes + bytes <= capacity.bytes
    return fits && this.#blocked === undefined ? undefined : this.#full()
  }

  /** Drops every message. Returns how many were kept. */
  clear(): number {
    const dropped = this.#size - this.#delayed
    for (const log of this.#logs) while (log.size > 0) this.#dropFirst(log)
    this.admit()
    return dropped
  }

  close(): void {
    for (const group of this.#all) group.close()
    const closed = new MillraceError('CLOSED', 'memory: the broker or the topic is closed')
    for (const blocked of this.#blocked ?? []) blocked.done(failures(blocked.batch, blocked.index, closed))
    this.#blocked = undefined
    this.#options.weigh(-this.#bytes)
  }

  statistics(): TopicStatistics {
    const counts = { ...noCounts(), published: this.#published }
    for (const group of this.#all) addCounts(counts, group.counts)
    return {
      ...counts,
      retained: this.#size - this.#delayed,
      delayed: this.#delayed,
      bytes: this.#bytes,
      blocked: this.#blocked?.size ?? 0,
      groups: Object.fromEntries(
        this.#all.flatMap(group => (group.name === undefined ? [] : [[group.name, group.statistics()]])),
      ) as Record<string, GroupStatistics>,
      ephemeral: this.#all.filter(group => group.name === undefined).map(group => group.statistics()),
    }
  }

  /** The usual case, of plain messages for which there is room: takes all or nothing. */
  #acceptAll(batch: readonly Message[], options: WriteOptions, now: number): boolean {
    const { capacity, retain, ttl } = this.#options.plan
    const plain = options.notBefore === undefined && options.expires === undefined && options.priority === undefined
    const { length } = batch
    if (!plain || ttl !== undefined || this.#size + length > capacity.messages) return false
    let bytes = length * OVERHEAD
    for (let i = 0; i < length; i++) bytes += batch[i]!.payload.length // i < length
    if (this.#bytes + bytes > capacity.bytes) return false
    const most = retain.messages + this.#slack
    // Before, so that what comes may take the place of what goes; and after, for a batch that nobody reads.
    if (this.#size + length > most || this.#bytes + bytes > retain.bytes)
      this.#trim(retain.messages - length, retain.bytes - bytes, this.#slack, length)
    this.#usual.appendAll(batch, this.#options.number(length), now, bytes)
    this.#size += length
    this.#bytes += bytes
    this.#options.weigh(bytes)
    this.#published += length
    if (this.#size > most || this.#bytes > retain.bytes) this.#trim(retain.messages, retain.bytes)
    return true
  }

  /** Takes one message if there is room, or makes room where the policy says so. */
  #accept(message: Message, options: WriteOptions, now: number): boolean {
    const { capacity, retain, whenFull, ttl } = this.#options.plan
    if (this.#size > retain.messages + this.#slack || this.#bytes >= retain.bytes)
      this.#trim(retain.messages, retain.bytes)
    if (this.#size >= capacity.messages || this.#bytes >= capacity.bytes) {
      this.#trim(Math.min(retain.messages, capacity.messages - 1), Math.min(retain.bytes, capacity.bytes - 1))
      while (this.#size >= capacity.messages || this.#bytes >= capacity.bytes) {
        const oldest = whenFull === 'drop-oldest' ? this.#oldest(() => true) : undefined
        if (!oldest) return false
        this.#dropFirst(oldest)
        for (const group of this.#all)
          if (group.name === undefined) group.gap(`topic '${this.name}' was full and dropped its oldest message`)
      }
    }
    const expires = options.expires ?? (ttl === undefined ? undefined : now + ttl)
    const bytes = weight(message)
    this.#size++
    this.#bytes += bytes
    this.#options.weigh(bytes)
    this.#published++
    const log = this.#log(options.priority ?? 0)
    if (options.notBefore === undefined || options.notBefore <= now) {
      log.append(message, this.#options.number(1), now, expires)
      return true
    }
    this.#delayed++
    this.#options.schedule.add(options.notBefore, () => {
      this.#delayed--
      log.append(message, this.#options.number(1), now, expires)
      for (const group of this.#all) group.wake()
    })
    return true
  }

  /** Lets those go that all have settled, oldest first, down to so many; `slack` and `next` are the log's. */
  #trim(messages: number, bytes: number, slack = 0, next = 0): void {
    if (this.#logs.length > 1) return this.#trimMany(messages, bytes)
    const log = this.#usual
    const floor = this.#floor(log)
    const { head } = log
    const weighed = log.trim(floor, this.#size - messages, this.#bytes - bytes, slack, next)
    const gone = log.head - head
    if (gone === 0) return
    this.#options.weigh(-weighed)
    this.#size -= gone
    this.#bytes -= weighed
  }

  #trimMany(messages: number, bytes: number): void {
    while (this.#size > messages || this.#bytes > bytes) {
      const log = this.#oldest(log => log.head < this.#floor(log))
      if (!log) return
      this.#dropFirst(log)
    }
  }

  #floor(log: Log): number {
    if (this.#group !== undefined) return this.#group.floor(log)
    let floor = log.tail
    for (const group of this.#all) floor = Math.min(floor, group.floor(log))
    return floor
  }

  /** The log whose first message is the oldest of those that the condition holds for. */
  #oldest(may: (log: Log) => boolean): Log | undefined {
    let oldest: Log | undefined
    for (const log of this.#logs)
      if (log.size > 0 && may(log) && (!oldest || log.firstSeq < oldest.firstSeq)) oldest = log
    return oldest
  }

  #dropFirst(log: Log): void {
    for (const group of this.#all) group.drop(log)
    const bytes = log.shift()
    this.#size--
    this.#bytes -= bytes
    this.#options.weigh(-bytes)
  }

  #wait(batch: readonly Message[], from: number, options: WriteOptions): Promise<readonly Failure[]> {
    return new Promise(resolve => {
      const { signal } = options
      const blocked: Blocked = {
        batch,
        options,
        index: from,
        done: answer => {
          signal.removeEventListener('abort', onAbort)
          resolve(answer)
        },
      }
      const onAbort = (): void => {
        this.#blocked?.remove(blocked)
        const error = this.#full(signal.reason)
        blocked.done(failures(batch, blocked.index, error))
        this.admit()
      }
      this.#blocked ??= new Ring()
      this.#blocked.push(blocked)
      if (signal.aborted) onAbort()
      else signal.addEventListener('abort', onAbort, { once: true })
    })
  }

  /** There may be room again: lets the waiting publishers on, in their order. */
  admit(): void {
    if (this.#blocked !== undefined) this.#admit(this.#blocked)
  }

  #admit(waiting: Ring<Blocked>): void {
    const now = this.#options.plan.clock.now()
    let accepted = false
    for (let blocked = waiting.peek(); blocked; blocked = waiting.peek()) {
      const { batch, options } = blocked
      while (blocked.index < batch.length && this.#accept(batch[blocked.index]!, options, now)) {
        blocked.index++
        accepted = true
      }
      if (blocked.index < batch.length) break
      waiting.shift()
      blocked.done(NONE)
    }
    if (waiting.size === 0) this.#blocked = undefined
    if (accepted) for (const group of this.#all) group.wake()
  }

  #log(priority: number): Log {
    const found = priority === 0 ? this.#usual : this.#logs.find(log => log.priority === priority)
    if (found) return found
    const log = new Log(this.name, priority, this.#options)
    this.#logs.push(log)
    for (const group of this.#all) group.join(log, 'earliest')
    return log
  }

  #full(cause?: unknown): MillraceError {
    const { messages, bytes } = this.#options.plan.capacity
    return new MillraceError(
      'QUEUE_FULL',
      `topic '${this.name}' is full: ${messages} messages or ${bytes} bytes are not settled; settle them, or raise capacity`,
      cause === undefined ? {} : { cause },
    )
  }
}

function failures(batch: readonly Message[], from: number, error: Error): readonly Failure[] {
  return batch.slice(from).map(({ id }, i) => ({ index: from + i, id, outcome: 'refused', error }))
}
