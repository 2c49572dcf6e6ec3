import type { NatsConnection } from '@nats-io/transport-node'
import { isPattern, MillraceError } from 'millrace/adapter'
import type { AttachSpec, Driver, Sink, Source, WriteOptions } from 'millrace/adapter'
import type { Capabilities, Failure, Message } from 'millrace'
import type { Connection } from './connection.ts'
import { CoreSource } from './core-source.ts'
import { toNats } from './encode.ts'
import type { Wire } from './encode.ts'
import { ours } from './errors.ts'
import { isStreamAck, Questions } from './questions.ts'
import type { Errands } from './questions.ts'
import type { Subjects } from './subjects.ts'

export interface CorePlan {
  readonly connection: Connection
  readonly subjects: Subjects
  readonly maxBytes: number
  readonly maxPending: number
  readonly wire: Wire
  readonly errands: Errands
}

/** NATS without JetStream: nothing is kept, nothing is acknowledged; what nobody hears is gone. */
export class CoreDriver implements Driver {
  readonly name = 'nats'
  readonly subscribeOptions: readonly string[] = []
  readonly capabilities: Capabilities
  readonly #plan: CorePlan
  readonly #questions: Questions

  constructor(plan: CorePlan) {
    this.#plan = plan
    // On subjects that are ours alone a stream is one of `jetstream()`, and what it says is no answer. On others it may be.
    this.#questions = new Questions(msg => plan.subjects.all.length === 0 || !isStreamAck(msg))
    plan.connection.onClosed(error => this.#questions.end(error))
    const capabilities: Capabilities = {
      accepts: 'sent',
      subscribes: 'server',
      settles: 'none',
      groups: true,
      broadcast: 'live',
      ordered: 'topic',
      keyAffinity: false,
      attempts: 'process',
      nackDelay: { where: 'process', max: 366 * 24 * 3600 * 1000 },
      publishDelay: false,
      ttl: plan.wire === 'watermill' ? false : 'delivery',
      priority: 0,
      replays: false,
      patterns: true,
      leases: false,
      transactions: false,
      maxBytes: plan.maxBytes,
      dedupes: 0,
      shared: true,
    }
    this.capabilities = Object.freeze(capabilities)
  }

  watch(lost: (error: Error) => void): void {
    this.#plan.connection.onClosed(lost)
  }

  async open(): Promise<void> {
    const nc = await this.#plan.connection.open()
    if ((nc.info?.max_payload ?? 0) < this.#plan.maxBytes)
      throw new MillraceError(
        'TOPOLOGY_MISMATCH',
        `nats: the server takes ${nc.info?.max_payload} bytes at most: lower maxBytes, now ${this.#plan.maxBytes}`,
      )
  }

  /** There is nothing to make: a queue group is whoever is there. */
  async declare(): Promise<void> {}

  async write(topic: string, batch: readonly Message[], options: WriteOptions): Promise<readonly Failure[]> {
    const nc: NatsConnection = this.#plan.connection.client
    const { errands, subjects, wire } = this.#plan
    const time = Date.now()
    const [only] = batch // an errand comes alone
    const errand = only && errands.get(only)
    if (only && errand?.is === 'request') {
      const headers = toNats(only, { time }, wire)
      const { signal } = options
      return this.#questions.ask(nc, { topic, subject: subjects.of(topic), message: only, headers, errand, signal })
    }
    const subject = errand?.is === 'reply' ? errand.subject : subjects.of(topic)
    try {
      for (const message of batch)
        nc.publish(subject, message.payload, {
          headers: toNats(message, { time, expires: options.expires }, wire).forClient,
        })
      await this.#plan.connection.flush(nc)
      return []
    } catch (thrown) {
      const error = ours(thrown, `publish to '${topic}'`)
      return batch.map(({ id }, index) => ({ index, id, outcome: 'unknown', error }))
    }
  }

  async attach(spec: AttachSpec, sink: Sink): Promise<Source> {
    const { connection, subjects, maxPending } = this.#plan
    const source = new CoreSource({
      connection,
      subjects: spec.topics.flatMap(topic => (isPattern(topic) ? subjects.ofPattern(topic) : [subjects.of(topic)])),
      queue: spec.group,
      topicOf: subject => subjects.topicOf(subject),
      maxPending,
      sink,
    })
    try {
      await source.open()
    } catch (error) {
      throw ours(error, 'subscribe')
    }
    return source
  }

  async close(): Promise<void> {
    this.#questions.end(new MillraceError('CLOSED', 'nats: the broker is closed'))
    await this.#plan.connection.close()
  }
}
