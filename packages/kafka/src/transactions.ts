import { Producer } from '@platformatic/kafka'
import { MillraceError, orAborted } from 'millrace/adapter'
import type { DriverTransaction, Raw, Source } from 'millrace/adapter'
import type { Message } from 'millrace'
import type { Cluster } from './cluster.ts'
import { checkCarried, toRecord } from './encode.ts'
import { ours, says } from './errors.ts'
import type { Outbound } from './outbound.ts'
import type { KafkaRaw, Partition } from './partition.ts'
import type { KafkaSource } from './source.ts'

type Native = Awaited<ReturnType<Producer['beginTransaction']>>

export interface TransactionsOptions {
  readonly cluster: Cluster
  readonly outbound: Outbound
  readonly transactionalId: string
}

/** One transaction at a time: a producer has no more. */
export class Transactions {
  readonly #options: TransactionsOptions
  #producer: Producer | undefined
  #fenced: MillraceError | undefined
  #last: Promise<unknown> = Promise.resolve()

  constructor(options: TransactionsOptions) {
    this.#options = options
  }

  /** Waits for those before it. What it published and acknowledged is there wholly, or not at all. */
  run<T>(work: (transaction: DriverTransaction) => Promise<T>, signal: AbortSignal): Promise<T> {
    const mine = this.#last.then(() => this.#run(work, signal))
    this.#last = mine.catch(() => undefined) // the caller sees it
    return mine
  }

  async close(signal: AbortSignal): Promise<void> {
    await orAborted(this.#last, signal, 'close').catch(() => undefined) // it ends with the producer
    await this.#drop()
  }

  async #run<T>(work: (transaction: DriverTransaction) => Promise<T>, signal: AbortSignal): Promise<T> {
    if (this.#fenced) throw this.#fenced
    if (signal.aborted) throw signal.reason
    const native = await this.#begin()
    const acked = new Map<KafkaSource, KafkaRaw[]>()
    let sending: Promise<void> = Promise.resolve()
    let broken: unknown
    try {
      const result = await work({
        native,
        write: (topic, batch) => {
          // In series: sends side by side to partitions that are new to the transaction break the producer for good.
          const mine = sending.then(() => this.#send(native, topic, batch))
          sending = mine.catch((error: unknown) => void (broken ??= error))
          return mine
        },
        ack: (source: Source, raw: Raw) => {
          const list = acked.get(source as KafkaSource) ?? []
          acked.set(source as KafkaSource, [...list, raw as KafkaRaw])
        },
      })
      await sending
      // A commit after a send that failed would commit the rest.
      if (broken !== undefined) throw broken
      for (const [source, raws] of acked) await this.#offsets(native, source, raws)
      await native.commit()
      for (const [source, raws] of acked) source.settled(raws)
      return result
    } catch (error) {
      await sending
      await native.abort().catch(() => undefined) // the server ends it at its timeout, and the next producer at its start
      // After any failure within a transaction the client's state is not to be trusted.
      await this.#drop()
      this.#checkFenced(error)
      throw error
    }
  }

  async #begin(): Promise<Native> {
    const { cluster, transactionalId } = this.#options
    this.#producer ??= new Producer({
      ...cluster.plan.base,
      idempotent: true,
      transactionalId,
      compression: cluster.plan.compression,
      // Without these a transactional id that was used before is refused as fenced.
      producerId: -1n,
      producerEpoch: -1,
      // The server is often not done with the last transaction when the next begins: it is asked again soon.
      retries: 1_000,
      retryDelay: 5,
    })
    try {
      return await this.#producer.beginTransaction()
    } catch (error) {
      await this.#drop()
      this.#checkFenced(error)
      throw ours(error, 'begin a transaction')
    }
  }

  async #send(native: Native, topic: string, batch: readonly Message[]): Promise<void> {
    const { outbound, cluster } = this.#options
    checkCarried(batch, cluster.plan.wire)
    const stamp = { time: Date.now() }
    const messages: unknown[] = []
    for (const message of batch)
      messages.push({
        ...(await outbound.place(topic, message)),
        ...toRecord(message, stamp, cluster.plan.wire),
      })
    try {
      await native.send({ messages: messages as never })
    } catch (error) {
      throw ours(error, 'publish in a transaction')
    }
  }

  /** For each partition one offset, one after the other: the client forgets all but one of those at once. */
  async #offsets(native: Native, source: KafkaSource, raws: readonly KafkaRaw[]): Promise<void> {
    const consumer = await source.groupOf()
    const partitions = new Map<Partition, Set<number>>()
    for (const { partition, offset } of raws)
      partitions.set(partition, (partitions.get(partition) ?? new Set()).add(offset))
    await native.addConsumer(consumer as never)
    for (const [partition, offsets] of partitions) {
      const end = partition.settledWith(offsets)
      if (Math.max(...offsets) >= end)
        throw new MillraceError(
          'BAD_OPTION',
          `kafka: offset ${end} of '${partition.topic}' is not settled: a transaction acknowledges a partition in order`,
        )
      const { topic, index } = partition
      await native.addOffset({ topic, partition: index, offset: BigInt(end - 1), metadata: { consumer } } as never)
    }
  }

  /** Whoever was fenced stays out: a new producer of the same id would fence the other in turn. */
  #checkFenced(error: unknown): void {
    if (!says(error, 'PRODUCER_FENCED', 'INVALID_PRODUCER_EPOCH')) return
    const { transactionalId } = this.#options
    this.#fenced = new MillraceError(
      'CLOSED',
      `kafka: another producer uses the transactional id '${transactionalId}'`,
      {
        cause: error,
      },
    )
    throw this.#fenced
  }

  async #drop(): Promise<void> {
    const producer = this.#producer
    this.#producer = undefined
    await producer?.close(true).catch(() => undefined) // nothing is left to lose
  }
}
