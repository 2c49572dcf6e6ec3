import { orAborted } from 'millrace/adapter'
import type { AttachSpec, Driver, DriverTransaction, Sink, Source, WriteOptions } from 'millrace/adapter'
import type { Capabilities, Failure, Lag, Message } from 'millrace'
import { Cluster, keyOf } from './cluster.ts'
import { ours } from './errors.ts'
import { retryTopic } from './names.ts'
import type { Plan } from './options.ts'
import { Outbound } from './outbound.ts'
import { Coordinator } from './rpc.ts'
import { KafkaSource } from './source.ts'
import { Transactions } from './transactions.ts'

/** Less than a topic keeps its records by default, by far. */
const LONGEST_DELAY = 24 * 3600 * 1000
/** ms that a nack may wait in this process: a year, as everywhere. */
const LONGEST_HELD = 366 * 24 * 3600 * 1000

/** Apache Kafka: topics are topics, groups are consumer groups, keys are keys. */
export class KafkaDriver implements Driver {
  readonly name = 'kafka'
  readonly subscribeOptions: readonly string[] = []
  readonly capabilities: Capabilities
  readonly transaction?: <T>(work: (transaction: DriverTransaction) => Promise<T>, signal: AbortSignal) => Promise<T>
  readonly #cluster: Cluster
  readonly #outbound: Outbound
  readonly #transactions: Transactions | undefined
  readonly #orphans = new Set<() => Promise<void>>()

  constructor(plan: Plan) {
    this.#cluster = new Cluster(plan)
    this.#outbound = new Outbound(this.#cluster)
    const { transactionalId } = plan
    if (transactionalId !== undefined) {
      const transactions = new Transactions({ cluster: this.#cluster, outbound: this.#outbound, transactionalId })
      this.#transactions = transactions
      this.transaction = (work, signal) => transactions.run(work, signal)
    }
    const capabilities: Capabilities = {
      accepts: 'stored',
      subscribes: 'exact',
      settles: 'confirmed',
      groups: true,
      broadcast: 'replay',
      ordered: 'key',
      // A retry topic's partitions may be another member's than those that the failures came from.
      keyAffinity: !plan.retryTopics,
      attempts: plan.retryTopics ? 'durable' : 'process',
      nackDelay: plan.retryTopics ? { where: 'broker', max: LONGEST_DELAY } : { where: 'process', max: LONGEST_HELD },
      publishDelay: false,
      ttl: plan.wire === 'watermill' ? false : 'delivery',
      priority: 0,
      replays: true,
      patterns: true,
      leases: false,
      transactions: transactionalId !== undefined,
      maxBytes: plan.maxBytes,
      dedupes: 0,
      shared: true,
    }
    this.capabilities = Object.freeze(capabilities)
  }

  watch(lost: (error: Error) => void): void {
    this.#cluster.watch(lost)
  }

  async open(): Promise<void> {
    await this.#cluster.reach()
  }

  async declare(topic: string, { group }: { readonly group?: string }): Promise<void> {
    const name = await this.#cluster.ensure(topic)
    if (group !== undefined) await this.#cluster.place(group, name, 'latest')
  }

  write(topic: string, batch: readonly Message[], options: WriteOptions): Promise<readonly Failure[]> {
    return this.#outbound.write(topic, batch, options)
  }

  async attach(spec: AttachSpec, sink: Sink, signal: AbortSignal): Promise<Source> {
    await this.#bury()
    const orphaned = (leave: () => Promise<void>): void => void this.#orphans.add(leave)
    const source = new KafkaSource({ cluster: this.#cluster, outbound: this.#outbound, spec, sink, orphaned })
    try {
      await source.open(signal)
    } catch (error) {
      throw ours(error, 'subscribe')
    }
    return source
  }

  async lag(topic: string, group: string): Promise<Lag> {
    const parts: Record<string, number> = {}
    await this.#behind(await this.#cluster.ensure(topic), group, parts)
    // What waits for its next attempt is not settled either.
    if (this.#cluster.plan.retryTopics)
      await this.#behind(await this.#cluster.ensure(retryTopic(topic, group)), group, parts)
    return { messages: Object.values(parts).reduce((sum, one) => sum + one, 0), parts }
  }

  async #behind(topic: string, group: string, parts: Record<string, number>): Promise<void> {
    const cluster = this.#cluster
    const count = await cluster.partitions(topic)
    const indexes = Array.from({ length: count }, (_, index) => index)
    const places = indexes.map(partition => ({ topic, partition }))
    const committed = await cluster.committed(new Coordinator(cluster.client, group), group, places)
    const [begins, ends] = await Promise.all([cluster.begin(topic, indexes, 'earliest'), cluster.ends(topic, indexes)])
    for (const index of indexes) {
      const at = Math.max(committed.get(keyOf(topic, index))?.offset ?? 0, begins.get(index) ?? 0)
      parts[keyOf(topic, index)] = Math.max(0, (ends.get(index) ?? 0) - at)
    }
  }

  async close(signal: AbortSignal): Promise<void> {
    await this.#outbound.close(signal)
    await this.#transactions?.close(signal)
    await orAborted(this.#bury(), signal, 'close').catch(() => undefined) // the server finds out by itself
    await this.#cluster.close()
  }

  /** Members of ours that were cut off are still thought alive, and keep their partitions: they are said to be gone. */
  async #bury(): Promise<void> {
    const orphans = [...this.#orphans]
    await Promise.allSettled(orphans.map(leave => leave().then(() => this.#orphans.delete(leave))))
  }
}
