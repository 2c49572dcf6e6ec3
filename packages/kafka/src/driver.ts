import type { AttachSpec, Driver, DriverTransaction, Sink, Source, WriteOptions } from 'millrace/adapter'
import type { Capabilities, Failure, Lag, Message } from 'millrace'
import { Cluster, keyOf } from './cluster.ts'
import { ours } from './errors.ts'
import type { Plan } from './options.ts'
import { Outbound } from './outbound.ts'
import { Coordinator } from './rpc.ts'
import { KafkaSource } from './source.ts'
import { Transactions } from './transactions.ts'

/** Apache Kafka: topics are topics, groups are consumer groups, keys are keys. */
export class KafkaDriver implements Driver {
  readonly name = 'kafka'
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
      keyAffinity: true,
      attempts: 'process',
      nackDelay: { where: 'process', max: Number.MAX_SAFE_INTEGER },
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
    const source = new KafkaSource({ cluster: this.#cluster, spec, sink, orphaned })
    try {
      await source.open(signal)
    } catch (error) {
      throw ours(error, 'subscribe')
    }
    return source
  }

  async lag(of: string, group: string): Promise<Lag> {
    const cluster = this.#cluster
    const topic = await cluster.ensure(of)
    const count = await cluster.partitions(topic)
    const indexes = Array.from({ length: count }, (_, index) => index)
    const places = indexes.map(partition => ({ topic, partition }))
    const committed = await cluster.committed(new Coordinator(cluster.client, group), group, places)
    const [begins, ends] = await Promise.all([cluster.begin(topic, indexes, 'earliest'), cluster.ends(topic, indexes)])
    const parts: Record<string, number> = {}
    let messages = 0
    for (const index of indexes) {
      const at = Math.max(committed.get(keyOf(topic, index))?.offset ?? 0, begins.get(index) ?? 0)
      const behind = Math.max(0, (ends.get(index) ?? 0) - at)
      parts[keyOf(topic, index)] = behind
      messages += behind
    }
    return { messages, parts }
  }

  async close(signal: AbortSignal): Promise<void> {
    await this.#outbound.close(signal)
    await this.#transactions?.close()
    await this.#bury()
    await this.#cluster.close()
  }

  /** Members of ours that were cut off are still thought alive, and keep their partitions: they are said to be gone. */
  async #bury(): Promise<void> {
    const orphans = [...this.#orphans]
    await Promise.allSettled(orphans.map(leave => leave().then(() => this.#orphans.delete(leave))))
  }
}
