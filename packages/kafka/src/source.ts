import { ConnectionPool } from '@platformatic/kafka'
import { MillraceError, orAborted } from 'millrace/adapter'
import type { AttachSpec, Raw, Settlement, Sink, Source } from 'millrace/adapter'
import { ClassicMember } from './classic-member.ts'
import { byTopic, keyOf } from './cluster.ts'
import type { Cluster, Place } from './cluster.ts'
import { Commits } from './commits.ts'
import { ConsumerMember } from './consumer-member.ts'
import { ours } from './errors.ts'
import { Fetcher } from './fetcher.ts'
import type { Member, MemberHost } from './member.ts'
import type { Outbound } from './outbound.ts'
import { Partition } from './partition.ts'
import type { KafkaRaw } from './partition.ts'
import { formatPosition } from './position.ts'
import type { Offsets } from './position.ts'
import { Retries } from './retries.ts'
import { Coordinator } from './rpc.ts'
import { Topics } from './topics.ts'

export interface KafkaSourceOptions {
  readonly cluster: Cluster
  readonly outbound: Outbound
  readonly spec: AttachSpec
  readonly sink: Sink
  /** A member that could not say that it leaves: the next to come says it. */
  readonly orphaned: (leave: () => Promise<void>) => void
}

/** ms that a member has to leave the group that it failed to join. */
const LAST_WORDS = 5_000
/** Records of one partition that are handed over before another has its turn. */
const TURN = 64

/** A consumer: its partitions, what is in hand of them, and how far they are committed. */
export class KafkaSource implements Source, MemberHost {
  readonly #options: KafkaSourceOptions
  readonly #partitions = new Map<string, Partition>()
  readonly #fetcher: Fetcher
  readonly #coordinator: Coordinator | undefined
  readonly #member: Member | undefined
  readonly #pool: ConnectionPool | undefined
  readonly #commits: Commits | undefined
  readonly #topics: Topics
  /** Where failures wait; without it core holds them back. */
  readonly #retries: Retries | undefined
  readonly #again: KafkaRaw[] = []
  readonly #quiet = new Set<() => void>()
  #state: 'on' | 'paused' | 'off' = 'on'
  #failure: MillraceError | undefined
  #credit = 0
  #turn = 0
  #snapshot: Offsets | undefined

  constructor(options: KafkaSourceOptions) {
    this.#options = options
    const { cluster, spec, outbound } = options
    if (spec.group !== undefined && cluster.plan.retryTopics)
      this.#retries = new Retries({ outbound, group: spec.group, due: raw => this.#giveAgain(raw) })
    if (spec.group !== undefined) {
      this.#coordinator = new Coordinator(cluster.client, spec.group)
      this.#pool = new ConnectionPool(cluster.plan.base.clientId, { ...cluster.plan.base })
      const coordinator = new Coordinator(cluster.client, spec.group, this.#pool)
      const member = { cluster, coordinator, offsets: this.#coordinator, group: spec.group, host: this }
      this.#member = cluster.plan.groupProtocol === 'consumer' ? new ConsumerMember(member) : new ClassicMember(member)
      this.#commits = new Commits({
        member: this.#member,
        owns: partition => this.#owns(partition),
        leaves: partition => this.#state === 'off' || this.#leaving.has(partition),
      })
    }
    this.#topics = new Topics({ cluster, spec })
    this.#fetcher = new Fetcher({
      cluster,
      partitions: () => this.#readable(),
      arrived: () => this.#pump(),
      outOfRange: partition => this.#reset(partition),
      failed: error => this.failed(error),
    })
  }

  /** Resolves when what is published from now on will be seen. */
  async open(signal: AbortSignal): Promise<void> {
    try {
      await this.#topics.find()
      if (this.#member) await this.#member.join(signal)
      else await this.#follow()
      // A fetch may have failed meanwhile, when nobody could be told yet.
      if (this.#failure) throw this.#failure
      this.#topics.watch(
        () => this.#changed(),
        error => this.failed(error),
      )
    } catch (error) {
      await this.stop(AbortSignal.timeout(LAST_WORDS)).catch(() => undefined) // the first failure counts
      throw error
    }
  }

  // ---- Source ---------------------------------------------------------------------------------------------------

  request(credit: number): void {
    this.#credit += credit
    this.#pump()
  }

  settle(batch: readonly Settlement[]): void | Promise<void> {
    let commit = false
    let redeliver = false
    const moving: Promise<void>[] = []
    for (const { raw, outcome, attempt, delay } of batch) {
      const { partition, offset } = raw as KafkaRaw
      if (!this.#owns(partition)) continue
      if (outcome === 'ack') {
        if (partition.settle(raw as KafkaRaw)) {
          this.#commits?.add(partition)
          commit = true
        }
        continue
      }
      if (outcome === 'nack' && this.#retries && this.#state !== 'off') {
        moving.push(this.#retry(this.#retries, raw as KafkaRaw, attempt, delay))
        continue
      }
      const failures = (outcome === 'release' ? attempt - 1 : attempt) - (raw as KafkaRaw).earlier
      if (failures > 0) partition.failures.set(offset, failures)
      if (failures > 0 && partition.settled === offset) {
        this.#commits?.add(partition)
        commit = true
      }
      if (outcome === 'hold' || this.#state !== 'on') continue
      const again = (raw as KafkaRaw).again(failures + (raw as KafkaRaw).earlier + 1)
      partition.open.replace(again)
      this.#again.push(again)
      redeliver = true
    }
    if (redeliver) setImmediate(() => this.#pump())
    if (this.#quiet.size > 0) for (const wake of this.#quiet) wake()
    this.#kick()
    const committing = commit ? this.#commits?.commit() : undefined
    return moving.length === 0 ? committing : Promise.all([committing, ...moving]).then(() => undefined)
  }

  position(): string | undefined {
    return this.#partitions.size === 0 ? undefined : formatPosition(this.#offsets(one => one.settled))
  }

  pause(): void {
    if (this.#state === 'on') this.#state = 'paused'
  }

  async stop(signal: AbortSignal): Promise<void> {
    if (this.#state === 'off') return
    this.#state = 'off'
    this.#topics.stop()
    this.#retries?.stop()
    try {
      await orAborted(this.#leave(), signal, 'close')
    } catch {
      const member = this.#member
      if (member) this.#options.orphaned(() => member.leave())
    }
    // What is under way fails by it.
    await this.#pool?.close().catch(() => undefined)
  }

  /** Commits what is settled, and leaves the group. */
  async #leave(): Promise<void> {
    await this.#fetcher.stop()
    for (const partition of this.#partitions.values()) this.#commits?.add(partition)
    await this.#commits?.leave().catch(() => undefined) // what is not committed comes again
    this.#partitions.clear()
    await this.#member?.leave()
  }

  // ---- for transactions -------------------------------------------------------------------------------------------

  /** The group as a transaction commits for it. @throws UNSUPPORTED without one */
  async groupOf(): Promise<{ groupId: string; generationId: number; memberId: string; coordinatorId: number }> {
    const { group } = this.#options.spec
    if (group === undefined || !this.#member || !this.#coordinator)
      throw new MillraceError(
        'UNSUPPORTED',
        'kafka: a subscription without a group has nothing to ack in a transaction',
      )
    const { memberId, generation } = this.#member.identity()
    return { groupId: group, generationId: generation, memberId, coordinatorId: await this.#coordinator.node() }
  }

  /** A transaction has committed these. */
  settled(raws: readonly KafkaRaw[]): void {
    for (const raw of raws) if (this.#owns(raw.partition)) raw.partition.settle(raw)
    this.#kick()
  }

  // ---- MemberHost -------------------------------------------------------------------------------------------------

  topics(): readonly string[] {
    return this.#topics.names
  }

  async assign(places: readonly Place[]): Promise<void> {
    const { cluster, spec } = this.#options
    const { group } = spec
    if (group === undefined || !this.#coordinator) return
    const committed = await cluster.committed(this.#coordinator, group, places)
    const fresh: Partition[] = []
    for (const [topic, indexes] of byTopic(places)) {
      const missing = indexes.filter(index => !committed.has(keyOf(topic, index)))
      const begins = await this.#topics.begins(topic, missing)
      const torn = indexes.filter(index => committed.get(keyOf(topic, index))?.left === false)
      const ends = await cluster.ends(topic, torn)
      for (const index of indexes) {
        const at = committed.get(keyOf(topic, index))
        const offset = at?.offset ?? begins.get(index) ?? 0
        const partition = new Partition(topic, index, offset)
        // Whoever had it did not leave in order: the message that it was at may have been why.
        const killer = at?.left === false && (ends.get(index) ?? 0) > offset ? 1 : 0
        const failures = (at?.failures ?? 0) + killer
        if (failures > 0) partition.failures.set(offset, failures)
        fresh.push(partition)
      }
    }
    if (this.#state === 'off') return
    for (const partition of fresh) {
      this.#partitions.set(partition.key, partition)
      this.#commits?.add(partition)
    }
    this.#snapshot = undefined
    // Before anything is handed over: the group's place, and that somebody is at it.
    await this.#commits?.commit()
    this.#kick()
  }

  async revoke(places: readonly Place[]): Promise<void> {
    const { sink, cluster } = this.#options
    const gone = places.flatMap(({ topic, partition }) => this.#partitions.get(keyOf(topic, partition)) ?? [])
    for (const partition of gone) this.#leaving.add(partition)
    const until = Date.now() + cluster.plan.revokeTimeout
    while (
      this.#state === 'on' &&
      gone.some(one => one.open.size > (this.#retries?.of(one) ?? 0)) &&
      Date.now() < until
    )
      await this.#settlement(until - Date.now())
    for (const partition of gone) this.#commits?.add(partition)
    await this.#commits?.leave().catch(() => undefined) // what is not committed comes again
    this.#lose(gone, sink)
    for (const partition of gone) this.#leaving.delete(partition)
  }

  fenced(): void {
    this.#lose([...this.#partitions.values()], this.#options.sink)
  }

  failed(error: MillraceError): void {
    if (this.#state === 'off') return
    this.#state = 'off'
    this.#failure = error
    this.#topics.stop()
    this.#retries?.stop()
    this.#options.sink.down(error)
    void this.#fetcher.stop()
    void this.#pool?.close().catch(() => undefined)
    const member = this.#member
    if (member) this.#options.orphaned(() => member.leave())
  }

  // ---- private ----------------------------------------------------------------------------------------------------

  /** Those that are being given up: what is in hand may be settled, no more is handed over. */
  readonly #leaving = new Set<Partition>()

  #owns(partition: Partition): boolean {
    return this.#partitions.get(partition.key) === partition
  }

  #lose(gone: readonly Partition[], sink: Sink): void {
    const lost: Raw[] = []
    for (const partition of gone) {
      if (!this.#owns(partition)) continue
      this.#partitions.delete(partition.key)
      this.#commits?.drop(partition)
      lost.push(...partition.open)
    }
    this.#snapshot = undefined
    this.#retries?.drop(gone)
    for (let i = this.#again.length - 1; i >= 0; i--)
      if (gone.includes(this.#again[i]!.partition)) {
        // Core knows nothing of it: it was given back, and is not handed over again.
        lost.splice(lost.indexOf(this.#again[i]!), 1) // i < length
        this.#again.splice(i, 1)
      }
    if (lost.length > 0) sink.lost(lost)
  }

  *#readable(): Iterable<Partition> {
    if (this.#state !== 'on') return
    const { maxAhead } = this.#options.cluster.plan
    for (const partition of this.#partitions.values())
      if (partition.spread < maxAhead && !this.#leaving.has(partition)) yield partition
  }

  /** A failure goes to its retry topic, and is settled here when it is there. */
  async #retry(retries: Retries, raw: KafkaRaw, attempt: number, delay: number): Promise<void> {
    const { partition, offset, earlier } = raw
    const again = raw.again(attempt + 1)
    partition.open.replace(again)
    if (await retries.put(again, attempt + 1, delay)) {
      if (!this.#owns(partition) || !partition.settle(again)) return
    } else {
      partition.failures.set(offset, attempt - earlier)
      if (!this.#owns(partition) || partition.settled !== offset) return
    }
    this.#commits?.add(partition)
    this.#kick()
    await this.#commits?.commit()
  }

  #giveAgain(raw: KafkaRaw): void {
    if (!this.#owns(raw.partition)) return
    this.#again.push(raw)
    this.#pump()
  }

  #kick(): void {
    if (this.#state === 'on') this.#fetcher.kick()
  }

  /** Hands over what there is and what there is room for: a few of each partition in turn. */
  #pump(): void {
    if (this.#state !== 'on' || this.#credit <= 0) return
    const { sink } = this.#options
    while (this.#credit > 0 && this.#again.length > 0) {
      this.#credit--
      sink.deliver([this.#again.shift()!]) // length > 0
    }
    const order = [...this.#readable()].filter(({ waiting }) => waiting > 0)
    let idle = 0
    for (let i = this.#turn; this.#credit > 0 && idle < order.length && this.#running(); i++) {
      const partition = order[i % order.length]! // order is not empty
      let batch: KafkaRaw[] = []
      const most = Math.min(TURN, this.#credit, this.#options.cluster.plan.maxAhead - partition.spread)
      try {
        partition.hand(most, this.#others(partition), batch)
      } catch (error) {
        this.failed(ours(error, 'read records'))
        return
      }
      idle = batch.length === 0 ? idle + 1 : 0
      if (this.#retries) batch = this.#retries.sift(batch)
      this.#credit -= batch.length
      this.#turn = (i + 1) % order.length
      if (batch.length > 0) sink.deliver(batch)
    }
    this.#kick()
  }

  #running(): boolean {
    return this.#state === 'on'
  }

  /** Where all partitions stand, as good as new for the one that is about to move. */
  #others(partition: Partition): Offsets {
    if (this.#snapshotOf !== partition || !this.#snapshot) {
      this.#snapshot = this.#offsets(one => one.next)
      this.#snapshotOf = partition
    }
    return this.#snapshot
  }
  #snapshotOf: Partition | undefined

  #offsets(of: (partition: Partition) => number): Offsets {
    const offsets: Offsets = new Map()
    for (const partition of this.#partitions.values()) {
      const topic = offsets.get(partition.topic) ?? new Map<number, number>()
      offsets.set(partition.topic, topic.set(partition.index, of(partition)))
    }
    return offsets
  }

  #settlement(atMost: number): Promise<void> {
    return new Promise(resolve => {
      const wake = (): void => {
        clearTimeout(timer)
        this.#quiet.delete(wake)
        resolve()
      }
      const timer = setTimeout(wake, atMost)
      this.#quiet.add(wake)
    })
  }

  async #reset(partition: Partition): Promise<void> {
    const { cluster, sink } = this.#options
    const { topic, index, fetched } = partition
    const begin = (await cluster.begin(topic, [index], 'earliest')).get(index) ?? 0
    if (begin === fetched) return
    partition.fetched = begin
    sink.gap(`partition ${index} of '${topic}' has no offset ${fetched} any more: it goes on at ${begin}`)
  }

  /** Topics or partitions came meanwhile. */
  async #changed(): Promise<void> {
    if (this.#state !== 'on') return
    if (this.#member) this.#member.resubscribe()
    else await this.#follow()
  }

  /** Without a group: every partition is its own. */
  async #follow(): Promise<void> {
    const { cluster } = this.#options
    for (const topic of this.#topics.names) {
      const count = await cluster.partitions(topic)
      const fresh = Array.from({ length: count }, (_, index) => index).filter(
        index => !this.#partitions.has(keyOf(topic, index)),
      )
      for (const [index, begin] of await this.#topics.begins(topic, fresh))
        this.#partitions.set(keyOf(topic, index), new Partition(topic, index, begin))
    }
    this.#snapshot = undefined
    this.#kick()
  }
}
