import type { Capabilities, Failure, From, Lag, Message } from '../contract.ts'
import type { AttachSpec, Driver, DriverTransaction, Raw, Sink, Source, WriteOptions } from '../adapter/driver.ts'
import type { Clock, Timer } from '../clock/clock.ts'
import { LONGEST_WAIT } from '../bounds.ts'
import { Schedule } from '../clock/schedule.ts'
import { stamp } from '../clock/stamp.ts'
import { MillraceError } from '../errors.ts'
import { isPattern, matches } from '../pattern.ts'
import type { Pattern } from '../pattern.ts'
import { Consumer } from './consumer.ts'
import type { MemoryPlan } from './options.ts'
import { PatternTrie } from './pattern-trie.ts'
import { addCounts, noCounts } from './statistics.ts'
import type { MemoryStatistics, TopicStatistics } from './statistics.ts'
import { Topic } from './topic.ts'
import type { TopicOptions } from './topic.ts'

/** A pattern that topics yet to come are held against: a consumer's, or a group's, which outlives its consumers. */
interface Watch {
  readonly pattern: Pattern
  readonly group: string | undefined
  readonly consumers: Set<Consumer>
}

/** The reference backend: full semantics, in this process. */
export class MemoryDriver implements Driver {
  readonly name = 'memory'
  readonly subscribeOptions: readonly string[] = []
  readonly capabilities: Capabilities
  readonly clock: Clock
  readonly #plan: MemoryPlan
  readonly #schedule: Schedule
  readonly #topics = new Map<string, Topic>()
  /** The one asked for last: whoever asks whether a topic exists writes to it next. */
  #latest: Topic | undefined
  readonly #patterns = new PatternTrie<Watch>()
  readonly #watches = new Map<Consumer, Watch[]>()
  readonly #groupWatches = new Map<string, Watch>()
  #seq = 0
  readonly #topicOptions: TopicOptions
  #bytes = 0
  #peakBytes = 0
  #idleTimer: Timer | undefined
  #closed = false
  /** Counts of topics that are gone. */
  readonly #past = noCounts()

  constructor(plan: MemoryPlan) {
    this.#plan = plan
    this.clock = plan.clock
    this.#schedule = new Schedule(plan.clock)
    this.#topicOptions = {
      plan,
      start: plan.clock.now(),
      schedule: this.#schedule,
      stamp: stamp(plan.clock),
      number: count => (this.#seq += count) - count + 1,
      weigh: bytes => {
        this.#bytes += bytes
        if (this.#bytes > this.#peakBytes) this.#peakBytes = this.#bytes
      },
    }
    const capabilities: Capabilities = {
      accepts: 'held',
      subscribes: 'exact',
      settles: 'confirmed',
      groups: true,
      broadcast: 'replay',
      ordered: 'topic',
      keyAffinity: false,
      attempts: 'durable',
      nackDelay: { where: 'broker', max: LONGEST_WAIT },
      publishDelay: { max: LONGEST_WAIT, exact: true },
      ttl: 'delivery',
      priority: 10,
      replays: true,
      patterns: true,
      leases: true,
      transactions: true,
      maxBytes: plan.maxBytes,
      dedupes: plan.dedupeWindow,
      shared: false,
    }
    this.capabilities = Object.freeze(capabilities)
    this.#watchIdle()
  }

  open(): Promise<void> {
    return Promise.resolve()
  }

  async declare(topic: string, how: { group?: string }): Promise<void> {
    const made = this.#topic(topic)
    if (how.group !== undefined) made.group(how.group, 'earliest')
  }

  write(
    topic: string,
    batch: readonly Message[],
    options: WriteOptions,
  ): readonly Failure[] | Promise<readonly Failure[]> {
    return (this.#find(topic) ?? this.#topic(topic)).write(batch, options)
  }

  knows(topic: string): boolean {
    return this.#find(topic) !== undefined
  }

  async attach(spec: AttachSpec, sink: Sink): Promise<Source> {
    const consumer = new Consumer({
      clock: this.clock,
      spec,
      sink,
      newest: () => this.#seq,
      leave: one => this.#leave(one),
    })
    const names = new Set<string>()
    for (const topic of spec.topics) {
      if (!isPattern(topic)) names.add(this.#topic(topic).name)
      else for (const name of this.#topics.keys()) if (matches(topic, name)) names.add(name)
    }
    for (const name of names) {
      const topic = this.#topic(name)
      if (topic.subscribers >= this.#plan.maxSubscribers)
        throw new MillraceError(
          'TOO_MANY_SUBSCRIBERS',
          `topic '${name}' has ${this.#plan.maxSubscribers} subscriptions already, the most that maxSubscribers allows`,
        )
    }
    for (const topic of spec.topics) if (isPattern(topic)) this.#watch(topic, consumer)
    for (const name of names) this.#join(this.#topic(name), consumer, spec.from)
    return consumer
  }

  async transaction<T>(work: (transaction: DriverTransaction) => Promise<T>): Promise<T> {
    const writes = new Map<string, Message[]>()
    const acks: { source: Source; raw: Raw }[] = []
    const result = await work({
      native: undefined,
      write: async (topic, batch) => void writes.set(topic, [...(writes.get(topic) ?? []), ...batch]),
      ack: (source, raw) => void acks.push({ source, raw }),
    })
    if (this.#closed) throw new MillraceError('CLOSED', 'transaction: the broker was closed before it was done')
    // From here on in one turn, and only if there is room for all of it: nobody ever sees half.
    for (const [name, batch] of writes) {
      const error = this.#topic(name).lacksRoom(batch)
      if (!error) continue
      const failures = batch.map(({ id }, index) => ({ index, id, outcome: 'refused' as const, error }))
      throw new MillraceError('PUBLISH_FAILED', `transaction: ${error.message}`, { failures, cause: error })
    }
    const { signal } = new AbortController()
    for (const [topic, batch] of writes) void this.write(topic, batch, { signal })
    for (const { source, raw } of acks)
      void source.settle([{ raw, outcome: 'ack', delay: 0, attempt: raw.attempt, why: undefined }])
    return result
  }

  async lag(topic: string, group: string): Promise<Lag> {
    return { messages: this.#topics.get(topic)?.find(group)?.pending ?? 0 }
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#idleTimer?.cancel()
    this.#schedule.clear()
    for (const topic of this.#topics.values()) {
      addCounts(this.#past, this.#countsOf(topic.statistics()))
      topic.close()
    }
    this.#topics.clear()
    this.#latest = undefined
  }

  get topicNames(): string[] {
    return [...this.#topics.keys()]
  }

  /** Forgets a topic with its messages and groups. @throws TOO_MANY_SUBSCRIBERS while it has subscriptions */
  drop(name: string): boolean {
    const topic = this.#topics.get(name)
    if (!topic) return false
    if (topic.subscribers > 0)
      throw new MillraceError(
        'TOO_MANY_SUBSCRIBERS',
        `topic '${name}' still has ${topic.subscribers} subscriptions: close them first`,
      )
    addCounts(this.#past, this.#countsOf(topic.statistics()))
    topic.close()
    this.#latest = undefined
    return this.#topics.delete(name)
  }

  clear(name: string): number {
    return this.#topics.get(name)?.clear() ?? 0
  }

  statistics(): MemoryStatistics {
    const counts = { ...this.#past }
    const topics: [name: string, statistics: TopicStatistics][] = []
    let pending = 0
    let inFlight = 0
    for (const [name, topic] of this.#topics) {
      const one = topic.statistics()
      topics.push([name, one])
      addCounts(counts, this.#countsOf(one))
      for (const group of [...Object.values(one.groups), ...one.ephemeral]) {
        pending += group.pending
        inFlight += group.inFlight
      }
    }
    return {
      ...counts,
      pending,
      inFlight,
      bytes: this.#bytes,
      peakBytes: this.#peakBytes,
      topics: Object.fromEntries(topics),
    }
  }

  #countsOf(statistics: TopicStatistics): ReturnType<typeof noCounts> {
    const counts = noCounts()
    for (const key of Object.keys(counts) as (keyof typeof counts)[]) counts[key] = statistics[key]
    return counts
  }

  #find(name: string): Topic | undefined {
    if (this.#latest?.name === name) return this.#latest
    return (this.#latest = this.#topics.get(name))
  }

  #topic(name: string): Topic {
    const existing = this.#topics.get(name)
    if (existing) return existing
    if (this.#topics.size >= this.#plan.maxTopics)
      throw new MillraceError(
        'TOO_MANY_TOPICS',
        `topic '${name}': there are ${this.#plan.maxTopics} topics, the most that maxTopics allows`,
      )
    const topic = new Topic(name, this.#topicOptions)
    this.#topics.set(name, topic)
    for (const watch of this.#patterns.find(name)) {
      if (watch.group !== undefined) topic.group(watch.group, 'earliest')
      for (const consumer of watch.consumers) this.#join(topic, consumer, 'earliest')
    }
    return topic
  }

  #join(topic: Topic, consumer: Consumer, from: From): void {
    if (consumer.has(topic.name)) return
    topic.lastUse = this.clock.now()
    consumer.join(topic.name, topic.group(consumer.spec.group, from))
  }

  #watch(pattern: Pattern, consumer: Consumer): void {
    const { group } = consumer.spec
    const key = `${group ?? ''} ${pattern.pattern}`
    let watch = group === undefined ? undefined : this.#groupWatches.get(key)
    if (!watch) {
      watch = { pattern, group, consumers: new Set() }
      this.#patterns.add(pattern, watch)
      if (group !== undefined) this.#groupWatches.set(key, watch)
    }
    watch.consumers.add(consumer)
    const watches = this.#watches.get(consumer)
    if (watches) watches.push(watch)
    else this.#watches.set(consumer, [watch])
  }

  #leave(consumer: Consumer): void {
    for (const watch of this.#watches.get(consumer) ?? []) {
      watch.consumers.delete(consumer)
      if (watch.group === undefined) this.#patterns.remove(watch.pattern, watch)
    }
    this.#watches.delete(consumer)
    if (consumer.spec.group !== undefined) return
    for (const { topic, group } of consumer.places) this.#topics.get(topic)?.forget(group)
  }

  #watchIdle(): void {
    const idle = this.#plan.idleTopics
    if (idle === undefined) return
    this.#idleTimer = this.clock.after(
      idle / 2,
      () => {
        const before = this.clock.now() - idle
        for (const [name, topic] of this.#topics) if (topic.lastUse <= before && topic.idle) this.drop(name)
        this.#watchIdle()
      },
      { background: true },
    )
  }
}
