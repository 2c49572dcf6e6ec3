import type { NatsConnection } from '@nats-io/transport-node'
import { isPattern, MillraceError } from 'millrace/adapter'
import type { AttachSpec, Driver, Sink, Source, WriteOptions } from 'millrace/adapter'
import type { Capabilities, Failure, Message } from 'millrace'
import type { Connection } from './connection.ts'
import { CoreSource } from './core-source.ts'
import { toNats } from './encode.ts'
import type { Wire } from './encode.ts'
import { ours } from './errors.ts'
import type { HeaderBlock } from './header-block.ts'
import { isStreamAck, Questions } from './questions.ts'
import type { Errands } from './questions.ts'
import type { Subjects } from './subjects.ts'

/** One batch, encoded. */
interface Sending {
  readonly topic: string
  readonly subject: string
  readonly batch: readonly Message[]
  readonly blocks: readonly HeaderBlock[]
}

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

  write(topic: string, batch: readonly Message[], options: WriteOptions): Promise<readonly Failure[]> {
    const nc = this.#plan.connection.up
    if (!nc) return Promise.reject(new MillraceError('DISCONNECTED', 'nats: there is no connection'))
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
    // All of them before the first is sent: what a header cannot carry is refused whole.
    const blocks = batch.map(message => toNats(message, { time, expires: options.expires }, wire))
    return this.#send(nc, { topic, subject, batch, blocks })
  }

  async #send(nc: NatsConnection, { topic, subject, batch, blocks }: Sending): Promise<readonly Failure[]> {
    try {
      for (let index = 0; index < batch.length; index++)
        nc.publish(subject, batch[index]!.payload, { headers: blocks[index]!.forClient }) // index < length
      await this.#plan.connection.flush(nc)
      return []
    } catch (thrown) {
      const error = ours(thrown, `publish to '${topic}'`)
      return batch.map(({ id }, index) => ({ index, id, outcome: 'unknown', error }))
    }
  }

  async attach(spec: AttachSpec, sink: Sink, signal: AbortSignal): Promise<Source> {
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
      await source.open(signal)
    } catch (error) {
      await source.stop()
      throw ours(error, 'subscribe')
    }
    return source
  }

  async close(signal: AbortSignal): Promise<void> {
    this.#questions.end(new MillraceError('CLOSED', 'nats: the broker is closed'))
    await this.#plan.connection.close(signal)
  }
}
