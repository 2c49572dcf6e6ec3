import { Admin } from '@platformatic/kafka'
import type { Base, Broker, ClusterMetadata } from '@platformatic/kafka'
import { MillraceError } from 'millrace/adapter'
import type { From } from 'millrace'
import { ours, says } from './errors.ts'
import { formatMark, parseMark } from './mark.ts'
import type { Mark } from './mark.ts'
import { marked } from './names.ts'
import type { Plan } from './options.ts'
import { parsePosition } from './position.ts'
import { Coordinator, request } from './rpc.ts'

/** One partition of a topic. */
export interface Place {
  readonly topic: string
  readonly partition: number
}

/** Where a group stands in a partition. */
export interface Committed extends Mark {
  readonly offset: number
}

interface ListedOffsets {
  readonly topics: readonly {
    readonly name: string
    readonly partitions: readonly { readonly partitionIndex: number; readonly offset: bigint }[]
  }[]
}

interface FetchedOffsets {
  readonly groups: readonly {
    readonly topics: readonly {
      readonly name: string
      readonly partitions: readonly {
        readonly partitionIndex: number
        readonly committedOffset: bigint
        readonly metadata: string | null
      }[]
    }[]
  }[]
}

const EARLIEST = -2n
const LATEST = -1n
const TIMEOUT = 10_000
/** ms between two looks whether a broker answers: nothing else is asked of Kafka where nobody publishes or subscribes. */
const PULSE = 10_000
/** ms that a new topic may take until every broker knows of it. */
const SETTLING = 10_000

/** What is asked of the cluster as such: its topics, their ends, and where groups stand. */
export class Cluster {
  readonly plan: Plan
  readonly #admin: Admin
  readonly #making = new Map<string, Promise<string>>()
  #lost: ((error: Error) => void) | undefined
  #checking: Promise<void> | undefined
  #pulse: NodeJS.Timeout | undefined
  #state: 'open' | 'closed' = 'open'
  /** By topic its name in the cluster. */
  readonly #known = new Map<string, string>()

  constructor(plan: Plan) {
    this.plan = plan
    // At its end the client gives the connection up. Nothing that is asked here is answered late, as a JoinGroup may be.
    this.#admin = new Admin({ ...plan.base, requestTimeout: Math.min(plan.base.requestTimeout ?? TIMEOUT, TIMEOUT) })
  }

  /** For requests of one's own. */
  get client(): Base {
    return this.#admin as unknown as Base
  }

  /** Tells when a connection was lost and no broker answers. One that a broker ended because it was idle is no loss. */
  watch(lost: (error: Error) => void): void {
    this.#lost = lost
    this.#admin.on('client:broker:disconnect', () => this.check())
  }

  /** Looks whether a broker answers: when a connection has ended, and now and then, for a silent link does not tell. */
  check(): void {
    if (this.#checking || !this.#lost || this.#state === 'closed') return
    // The client tells of the end before it has forgotten the connection.
    this.#checking = new Promise(resolve => setImmediate(resolve))
      .then(() => this.#metadata([], true, 0))
      .then(() => undefined, this.#lost)
      .finally(() => (this.#checking = undefined))
  }

  /** Asks for the brokers. Rejects with ours where none answers. */
  async reach(): Promise<void> {
    await this.#metadata([], true)
    if (this.#state === 'closed') return
    this.#pulse ??= setInterval(() => this.check(), PULSE).unref()
  }

  async close(): Promise<void> {
    this.#state = 'closed'
    clearInterval(this.#pulse)
    await this.#admin.close()
  }

  /** The names of all topics. */
  async topics(): Promise<readonly string[]> {
    try {
      return await this.#admin.listTopics({ includeInternals: false })
    } catch (error) {
      throw ours(error, 'list topics')
    }
  }

  /** How many partitions a topic has. @throws NO_ROUTE where there is none of that name */
  async partitions(topic: string, fresh = false): Promise<number> {
    const { topics } = await this.#metadata([topic], fresh)
    const count = topics.get(topic)?.partitionsCount ?? 0
    if (count === 0) throw new MillraceError('NO_ROUTE', `kafka: there is no topic '${topic}'`)
    return count
  }

  /** Who leads which partition of these topics, and the topics' ids. */
  async metadata(topics: readonly string[], fresh = false): Promise<ClusterMetadata> {
    return this.#metadata(topics, fresh)
  }

  /** Makes the topic where the topology allows it. Resolves to its name in the cluster. @throws TOPOLOGY_MISMATCH */
  async ensure(topic: string): Promise<string> {
    const known = this.#known.get(topic)
    if (known !== undefined) return known
    let making = this.#making.get(topic)
    if (!making) {
      making = this.#ensure(topic).finally(() => this.#making.delete(topic))
      this.#making.set(topic, making)
    }
    const name = await making
    if (this.plan.topology !== 'none') this.#known.set(topic, name)
    return name
  }

  /** The topic of that name in the cluster may be gone. */
  forget(name: string): void {
    for (const [topic, known] of this.#known) if (known === name) this.#known.delete(topic)
  }

  /** The offsets at which reading begins, for each partition. Those that are new since a position was told begin at their earliest. */
  async begin(topic: string, partitions: readonly number[], from: From): Promise<Map<number, number>> {
    if (from === 'earliest') return this.#list(topic, partitions, EARLIEST)
    if (from === 'latest') return this.#list(topic, partitions, LATEST)
    if ('time' in from) return this.#since(topic, partitions, from.time)
    const told = parsePosition(from.after).get(topic) ?? new Map<number, number>()
    const found = new Map(partitions.flatMap(index => (told.has(index) ? [[index, told.get(index) ?? 0]] : [])))
    const rest = partitions.filter(index => !found.has(index))
    return rest.length === 0 ? found : new Map([...found, ...(await this.#list(topic, rest, EARLIEST))])
  }

  /** The end of each partition: the offset of the next record. */
  async ends(topic: string, partitions: readonly number[]): Promise<Map<number, number>> {
    return this.#list(topic, partitions, LATEST)
  }

  /** Where a group stands; nothing for partitions in which it has no place. */
  async committed(group: Coordinator, id: string, places: readonly Place[]): Promise<Map<string, Committed>> {
    const found = new Map<string, Committed>()
    if (places.length === 0) return found
    const topics = [...byTopic(places)].map(([name, partitionIndexes]) => ({ name, partitionIndexes }))
    try {
      const { groups } = await group.call<FetchedOffsets>('OffsetFetch', version => {
        if (version < 8) throw new MillraceError('SERVER_TOO_OLD', 'kafka: OffsetFetch version 8 is needed (Kafka 3.0)')
        return [[{ groupId: id, memberId: null, memberEpoch: -1, topics }], true]
      })
      for (const topic of groups[0]?.topics ?? [])
        for (const { partitionIndex, committedOffset, metadata } of topic.partitions)
          if (committedOffset >= 0n)
            found.set(keyOf(topic.name, partitionIndex), { offset: Number(committedOffset), ...parseMark(metadata) })
      return found
    } catch (error) {
      if (says(error, 'GROUP_ID_NOT_FOUND')) return found
      throw ours(error, `offsets of group '${id}'`)
    }
  }

  /**
   * Gives the group a place in every partition of the topic in which it has none. A group that has members is left
   * alone: they do it.
   */
  async place(id: string, topic: string, from: From): Promise<void> {
    const group = new Coordinator(this.client, id)
    const count = await this.partitions(topic)
    const all = Array.from({ length: count }, (_, partition) => ({ topic, partition }))
    const placed = await this.committed(group, id, all)
    const missing = all.filter(one => !placed.has(keyOf(topic, one.partition))).map(one => one.partition)
    if (missing.length === 0) return
    // A partition that came after the group got its place is read from its beginning.
    const offsets = await this.begin(topic, missing, placed.size > 0 ? 'earliest' : from)
    try {
      await group.call('OffsetCommit', () => [
        id,
        -1,
        '',
        null,
        [{ name: topic, partitions: commits([...offsets].map(([index, offset]) => [index, offset, NEW])) }],
      ])
    } catch (error) {
      if (says(error, 'UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION', 'STALE_MEMBER_EPOCH', 'REBALANCE_IN_PROGRESS')) return
      throw ours(error, `the place of group '${id}'`)
    }
  }

  async #ensure(topic: string): Promise<string> {
    const { topology } = this.plan
    const other = marked(topic)
    if (await this.#exists(topic)) return topic
    if (other !== topic && (await this.#exists(other))) return other
    if (topology === 'none') return topic
    if (topology === 'check')
      throw new MillraceError('TOPOLOGY_MISMATCH', `kafka: there is no topic '${topic}', and topology is 'check'`)
    try {
      return await this.#make(topic)
    } catch (error) {
      // There is one that differs in a dot or an underscore only.
      if (other === topic || !says(error, 'INVALID_TOPIC_EXCEPTION')) throw ours(error, `make topic '${topic}'`)
    }
    try {
      return await this.#make(other)
    } catch (error) {
      throw ours(error, `make topic '${other}'`)
    }
  }

  async #make(name: string): Promise<string> {
    const { partitions, replicas, topicConfig } = this.plan
    try {
      const configs = Object.entries(topicConfig).map(([key, value]) => ({ name: key, value }))
      await this.#admin.createTopics({ topics: [name], partitions, replicas, configs })
    } catch (error) {
      if (!says(error, 'TOPIC_ALREADY_EXISTS')) throw error
    }
    const until = Date.now() + SETTLING
    while (!(await this.#exists(name))) {
      if (Date.now() > until)
        throw new MillraceError('DISCONNECTED', `kafka: topic '${name}' was made and is not there`)
      await new Promise(resolve => setTimeout(resolve, 20))
    }
    return name
  }

  /** Every partition has a leader. */
  async #exists(topic: string): Promise<boolean> {
    try {
      const { topics } = await this.#metadata([topic], true, 0)
      const found = topics.get(topic)
      return found !== undefined && found.partitionsCount > 0 && found.partitions.every(({ leader }) => leader >= 0)
    } catch (error) {
      if (error instanceof MillraceError && error.code === 'NO_ROUTE') return false
      throw error
    }
  }

  async #metadata(topics: readonly string[], forceUpdate: boolean, retries = 2): Promise<ClusterMetadata> {
    try {
      return await this.#admin.metadata({ topics: [...topics], forceUpdate, retries })
    } catch (error) {
      throw ours(error, topics.length === 0 ? 'connect' : `topic '${topics.join("', '")}'`)
    }
  }

  async #since(topic: string, partitions: readonly number[], time: number): Promise<Map<number, number>> {
    const found = await this.#list(topic, partitions, BigInt(Math.max(0, Math.ceil(time))))
    const late = partitions.filter(index => (found.get(index) ?? -1) < 0)
    return late.length === 0 ? found : new Map([...found, ...(await this.#list(topic, late, LATEST))])
  }

  async #list(topic: string, partitions: readonly number[], timestamp: bigint): Promise<Map<number, number>> {
    const found = new Map<number, number>()
    if (partitions.length === 0) return found
    for (let attempt = 1; ; attempt++) {
      try {
        const { topics, brokers } = await this.#metadata([topic], attempt > 1)
        const leaders = new Map<number, number[]>()
        for (const index of partitions) {
          const leader = topics.get(topic)?.partitions[index]?.leader ?? -1
          leaders.set(leader, [...(leaders.get(leader) ?? []), index])
        }
        for (const [leader, indexes] of leaders)
          await this.#listAt(brokers.get(leader), topic, indexes, timestamp, found)
        return found
      } catch (error) {
        const moved = says(error, 'NOT_LEADER_OR_FOLLOWER', 'LEADER_NOT_AVAILABLE', 'UNKNOWN_TOPIC_OR_PARTITION')
        if (!moved || attempt > 5) throw ours(error, `offsets of '${topic}'`)
        await new Promise(resolve => setTimeout(resolve, 50 * attempt))
      }
    }
  }

  async #listAt(
    leader: Broker | undefined,
    topic: string,
    indexes: readonly number[],
    timestamp: bigint,
    found: Map<number, number>,
  ): Promise<void> {
    if (!leader) throw new MillraceError('DISCONNECTED', `kafka: a partition of '${topic}' has no leader`)
    const isolation = this.plan.isolation === 'committed' ? 1 : 0
    const partitions = indexes.map(partitionIndex => ({ partitionIndex, currentLeaderEpoch: -1, timestamp }))
    const args = (): unknown[] => [-1, isolation, [{ name: topic, partitions }]]
    const { topics } = await request<ListedOffsets>(this.client, leader, {
      name: 'ListOffsets',
      args,
      timeout: TIMEOUT,
    })
    for (const one of topics)
      for (const { partitionIndex, offset } of one.partitions) found.set(partitionIndex, Number(offset))
  }
}

const NEW: Mark = { failures: 0, left: true }

/** Partitions for an OffsetCommit. */
export function commits(offsets: readonly (readonly [index: number, offset: number, mark: Mark])[]): unknown[] {
  return offsets.map(([partitionIndex, offset, mark]) => ({
    partitionIndex,
    committedOffset: BigInt(offset),
    committedLeaderEpoch: -1,
    committedMetadata: formatMark(mark),
  }))
}

/** One string for a partition. */
export function keyOf(topic: string, partition: number): string {
  return `${topic}:${partition}`
}

/** The partitions of each topic. */
export function byTopic(places: readonly Place[]): Map<string, number[]> {
  const topics = new Map<string, number[]>()
  for (const { topic, partition } of places) topics.set(topic, [...(topics.get(topic) ?? []), partition])
  return topics
}
