import { ConnectionPool } from '@platformatic/kafka'
import type { ClusterMetadata } from '@platformatic/kafka'
import type { MillraceError } from 'millrace/adapter'
import type { Cluster } from './cluster.ts'
import { ours, says } from './errors.ts'
import { fetchApi } from './fetch.ts'
import type { Fetched } from './fetch.ts'
import type { Partition } from './partition.ts'
import { request } from './rpc.ts'

export interface FetcherOptions {
  readonly cluster: Cluster
  /** Those that may be read now. */
  readonly partitions: () => Iterable<Partition>
  /** Records arrived. */
  readonly arrived: () => void
  /** The log no longer has, or never had, what was to come next. */
  readonly outOfRange: (partition: Partition) => Promise<void>
  readonly failed: (error: MillraceError) => void
}

/** ms that the server may wait for records; less where some partition is only waiting for room here. */
const PATIENCE = 500
const IMPATIENCE = 25
/** Of each partition in a fetch; also what may wait here of it when more is fetched: a fetch takes as long as that does. */
const PARTITION_BYTES = 1024 * 1024
const FETCH_BYTES = 8 * 1024 * 1024
const OUT_OF_RANGE = 1
const GONE = new Set([3, 100, 103]) // UNKNOWN_TOPIC_OR_PARTITION, UNKNOWN_TOPIC_ID, INCONSISTENT_TOPIC_ID
/** ms until a partition that moves is asked for again. */
const AGAIN = 50
/** ms for which an answer may be late. */
const LATE = 10_000

/**
 * Long polls, one at a time to each broker that leads partitions of ours. The client's stream is not used: it can
 * neither pause a partition nor seek, and goes back to the committed offsets at every rebalance.
 */
export class Fetcher {
  readonly #options: FetcherOptions
  readonly #pool: ConnectionPool
  readonly #polls = new Map<number, Promise<void>>()
  #state: 'on' | 'off' = 'on'
  #stale = false
  #kicking = false
  #waiting: NodeJS.Timeout | undefined

  constructor(options: FetcherOptions) {
    this.#options = options
    const { base } = options.cluster.plan
    this.#pool = new ConnectionPool(base.clientId, { ...base, requestTimeout: PATIENCE + LATE })
  }

  /** There is room, or there are partitions, that there were not. */
  kick(): void {
    // Called for every batch of settlements: nearly always all that may be read is being read.
    if (this.#state === 'off' || this.#kicking || !this.#isLacking()) return
    this.#kicking = true
    this.#start().then(
      () => (this.#kicking = false),
      (error: unknown) => {
        this.#kicking = false
        this.#fail(error)
      },
    )
  }

  async stop(): Promise<void> {
    this.#state = 'off'
    await this.#pool.close().catch(() => undefined) // what is under way fails by it
    await Promise.allSettled(this.#polls.values())
  }

  async #start(): Promise<void> {
    const wanted = [...this.#options.partitions()].filter(hungry)
    if (wanted.length === 0) return
    await this.#metadata(wanted)
    if (this.#off()) return
    for (const leader of new Set(wanted.map(({ leader }) => leader))) {
      if (leader < 0) this.#later()
      if (leader < 0 || this.#polls.has(leader)) continue
      const poll = Promise.resolve().then(() => this.#poll(leader))
      this.#polls.set(
        leader,
        poll.catch((error: unknown) => this.#fail(error)),
      )
    }
  }

  async #poll(leader: number): Promise<void> {
    try {
      while (!this.#off()) {
        const all = [...this.#options.partitions()]
        if (all.length === 0) return
        const metadata = await this.#metadata(all)
        const here = all.filter(one => one.leader === leader)
        const wanted = here.filter(hungry)
        // Some may have another leader by now, whom nobody asks.
        this.kick()
        if (this.#off() || wanted.length === 0) return
        // New partitions are waited for no longer than those that wait for room.
        await this.#fetch(metadata, leader, wanted, wanted.length < here.length ? IMPATIENCE : PATIENCE)
      }
    } finally {
      // At once: whoever kicks from now on starts another.
      this.#polls.delete(leader)
    }
  }

  /** Whether there is one to read that nobody reads. */
  #isLacking(): boolean {
    for (const partition of this.#options.partitions())
      if (hungry(partition) && !this.#polls.has(partition.leader)) return true
    return false
  }

  /** A partition has no leader for now. */
  #later(): void {
    this.#stale = true
    this.#waiting ??= setTimeout(() => {
      this.#waiting = undefined
      this.kick()
    }, AGAIN)
    this.#waiting.unref()
  }

  async #fetch(
    metadata: ClusterMetadata,
    leader: number,
    wanted: readonly Partition[],
    patience: number,
  ): Promise<void> {
    const { cluster } = this.#options
    const node = metadata.brokers.get(leader)
    if (!node) {
      this.#stale = true
      await new Promise(resolve => setTimeout(resolve, AGAIN))
      return
    }
    const isolation = cluster.plan.isolation === 'committed' ? 1 : 0
    const topics = new Map<string, { readonly topicId: string; readonly partitions: unknown[] }>()
    const asked = new Map<string, { readonly partition: Partition; readonly from: number }>()
    for (const partition of wanted) {
      const id = metadata.topics.get(partition.topic)?.id ?? ''
      const entry = topics.get(id) ?? { topicId: id, partitions: [] }
      topics.set(id, entry)
      entry.partitions.push({
        partition: partition.index,
        currentLeaderEpoch: -1,
        fetchOffset: BigInt(partition.fetched),
        lastFetchedEpoch: -1,
        partitionMaxBytes: PARTITION_BYTES,
      })
      asked.set(`${id}:${partition.index}`, { partition, from: partition.fetched })
    }
    const args = (): unknown[] => [patience, 1, FETCH_BYTES, isolation, 0, -1, [...topics.values()], [], '']
    const fetched = await request<Fetched>(
      cluster.client,
      node,
      { name: 'Fetch', args, timeout: patience + LATE, api: fetchApi },
      this.#pool,
    ).catch((error: unknown) => this.#moved(error))
    if (this.#off()) return
    let came = false
    const lacking: Partition[] = []
    for (const { topicId, partitions } of fetched.responses)
      for (const { partitionIndex, errorCode, records, abortedTransactions } of partitions) {
        const one = asked.get(`${topicId}:${partitionIndex}`)
        // It may have been given up, and taken again elsewhere, meanwhile.
        if (!one || one.partition.fetched !== one.from) continue
        if (errorCode === OUT_OF_RANGE) lacking.push(one.partition)
        else if (errorCode !== 0) this.#stale = true
        else if (records.length > 0) {
          one.partition.take(records, abortedTransactions, isolation === 1)
          came = true
        }
        if (GONE.has(errorCode)) cluster.forget(one.partition.topic)
      }
    for (const partition of lacking) await this.#options.outOfRange(partition)
    if (came) this.#options.arrived()
    if (this.#stale) await new Promise(resolve => setTimeout(resolve, AGAIN))
  }

  /** Whoever does not lead any of it says so for all. */
  #moved(error: unknown): Fetched {
    if (!says(error, 'NOT_LEADER_OR_FOLLOWER', 'FENCED_LEADER_EPOCH', 'UNKNOWN_TOPIC_ID', 'LEADER_NOT_AVAILABLE'))
      throw error
    this.#stale = true
    return { errorCode: 0, responses: [] }
  }

  async #metadata(partitions: readonly Partition[]): Promise<ClusterMetadata> {
    const fresh = this.#stale
    this.#stale = false
    const metadata = await this.#options.cluster.metadata([...new Set(partitions.map(one => one.topic))], fresh)
    for (const one of partitions) one.leader = metadata.topics.get(one.topic)?.partitions[one.index]?.leader ?? -1
    return metadata
  }

  #fail(error: unknown): void {
    if (!this.#off()) this.#options.failed(ours(error, 'fetch'))
  }

  #off(): boolean {
    return this.#state === 'off'
  }
}

function hungry(partition: Partition): boolean {
  return partition.waitingBytes < PARTITION_BYTES
}
