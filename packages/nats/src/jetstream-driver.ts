import { AckPolicy, DeliverPolicy, jetstreamManager, StorageType } from '@nats-io/jetstream'
import type { ConsumerConfig, JetStreamManager, StreamConfig } from '@nats-io/jetstream'
import { createInbox, nanos } from '@nats-io/transport-node'
import { asError, isMillraceError, isPattern, MillraceError, newId } from 'millrace/adapter'
import type { AttachSpec, Driver, Sink, Source, WriteOptions } from 'millrace/adapter'
import type { Capabilities, Failure, From, Lag, Message, Pattern } from 'millrace'
import { inboxPrefix } from './connection.ts'
import type { Connection } from './connection.ts'
import { carries, toNats } from './encode.ts'
import type { Wire } from './encode.ts'
import { ours } from './errors.ts'
import { JetStreamSource } from './jetstream-source.ts'
import type { Word } from './confirmations.ts'
import { Publication } from './publication.ts'
import { Releases } from './releases.ts'
import { Replies } from './replies.ts'
import { durable } from './subjects.ts'
import type { Subjects } from './subjects.ts'

export interface JetStreamPlan {
  readonly connection: Connection
  readonly subjects: Subjects
  /** The stream's name and, beside the subjects, what it is made with. */
  readonly stream: { readonly name: string } & Partial<StreamConfig>
  readonly topology: 'create' | 'check' | 'none'
  readonly settles: 'confirmed' | 'sent'
  readonly maxBytes: number
  readonly wire: Wire
}

/** The longest nak delay that is worth asking for: longer than any server keeps track of restarts. */
const LONGEST_DELAY = 24 * 3600 * 1000
const MESSAGE_ID = 'Nats-Msg-Id'
const DUPLICATES = 120_000
const LEASE = 30_000
/** ms after which the server's answer is no longer waited for. */
const PATIENCE = 30_000
/** Several filters for one consumer: 2.10. */
const OLDEST = [2, 10]

/** JetStream: one stream for all topics, a durable consumer for each group of a topic. */
export class JetStreamDriver implements Driver {
  readonly name = 'nats'
  readonly subscribeOptions: readonly string[] = []
  readonly capabilities: Capabilities
  readonly #plan: JetStreamPlan
  #manager: JetStreamManager | undefined
  /** What is to be said over the next connection of what was in hand when the link broke. */
  #orphans: Word[] = []
  readonly #releases = new Releases()
  /** Begins the ids of what this driver publishes. */
  readonly #ids = `${newId()}-`
  #written = 0
  #replies: Replies | undefined
  readonly #inboxes = new WeakMap<Sink, Map<string, string>>()

  constructor(plan: JetStreamPlan) {
    this.#plan = plan
    const capabilities: Capabilities = {
      accepts: 'stored',
      subscribes: 'server',
      settles: plan.settles,
      groups: true,
      broadcast: 'replay',
      ordered: 'topic',
      keyAffinity: false,
      attempts: 'durable',
      nackDelay: { where: 'broker', max: LONGEST_DELAY },
      publishDelay: false,
      ttl: plan.wire === 'watermill' ? false : 'delivery',
      priority: 0,
      replays: true,
      patterns: true,
      leases: true,
      transactions: false,
      maxBytes: plan.maxBytes,
      dedupes: DUPLICATES,
      shared: true,
    }
    this.capabilities = Object.freeze(capabilities)
  }

  watch(lost: (error: Error) => void): void {
    this.#plan.connection.onClosed(lost)
  }

  async open(): Promise<void> {
    const nc = await this.#plan.connection.open()
    if (this.#replies && this.#manager) return
    const [major = 0, minor = 0] = (nc.info?.version ?? '0').split('.').map(Number)
    if (major < (OLDEST[0] ?? 0) || (major === OLDEST[0] && minor < (OLDEST[1] ?? 0)))
      throw new MillraceError(
        'SERVER_TOO_OLD',
        `nats: the server is ${nc.info?.version}; ${OLDEST.join('.')} is the oldest that can filter as patterns need`,
      )
    if ((nc.info?.max_payload ?? 0) < this.#plan.maxBytes)
      throw new MillraceError(
        'TOPOLOGY_MISMATCH',
        `nats: the server takes ${nc.info?.max_payload} bytes at most: lower maxBytes, now ${this.#plan.maxBytes}`,
      )
    try {
      this.#manager = await jetstreamManager(nc)
      this.#replies = new Replies(nc, { patience: PATIENCE, nobody: subject => `no stream takes '${subject}'` })
      await this.#provision(this.#manager)
      // What was lost with the last connection comes again now, not when its lease is over; what was settled does not.
      for (const { reply, word, until } of this.#orphans.splice(0)) if (until > Date.now()) nc.publish(reply, word)
    } catch (error) {
      this.#forget(asError(error))
      throw ours(error, 'open')
    }
    const off = this.#plan.connection.onClosed(error => {
      off()
      this.#forget(error)
    })
  }

  async declare(topic: string, how: { group?: string }): Promise<void> {
    if (how.group === undefined) return // the stream has every topic
    await this.#durable(topic, how.group, 'earliest', undefined)
  }

  write(topic: string, batch: readonly Message[], options: WriteOptions): Promise<readonly Failure[]> {
    const replies = this.#replies
    if (!replies) return Promise.reject(new MillraceError('DISCONNECTED', 'nats: there is no connection'))
    const { wire, subjects } = this.#plan
    const { dedupeId, expires } = options
    if (dedupeId !== undefined && !carries('', dedupeId))
      throw new MillraceError('BAD_OPTION', 'nats: a dedupeId has no line breaks, and no spaces at its ends')
    const stamp = { time: Date.now(), expires }
    const blocks = batch.map((message, index) => {
      const block = toNats(message, stamp, wire)
      // One id for each call and message: publishing the same message again is another message.
      block.add(MESSAGE_ID, dedupeId === undefined ? this.#ids + (this.#written++).toString(36) : batch.length > 1 ? `${dedupeId}-${index}` : dedupeId) // prettier-ignore
      return block
    })
    const subject = subjects.of(topic)
    return new Promise(resolve => {
      const publication = new Publication(topic, batch, resolve)
      for (let index = 0; index < batch.length; index++) {
        try {
          replies.ask(subject, batch[index]!.payload, publication, index, blocks[index]) // index < length
        } catch (error) {
          publication.failed(asError(error), index)
        }
      }
    })
  }

  async attach(spec: AttachSpec, sink: Sink, signal: AbortSignal): Promise<Source> {
    const { connection, stream, subjects, settles } = this.#plan
    const lease = spec.lease ?? LEASE
    const names: string[] = []
    try {
      if (spec.group === undefined) names.push(await this.#ephemeral(spec.topics, spec.from, lease))
      else for (const topic of spec.topics) names.push(await this.#durable(topic, spec.group, spec.from, lease))
    } catch (error) {
      throw ours(error, 'subscribe')
    }
    const replies = this.#replies
    if (!replies) throw new MillraceError('DISCONNECTED', 'nats: there is no connection')
    const source = new JetStreamSource({
      connection,
      replies,
      stream: stream.name,
      consumers: names,
      ephemeral: spec.group === undefined,
      topicOf: subject => subjects.topicOf(subject),
      lease,
      inbox: consumer => this.#inbox(sink, consumer),
      confirmed: settles === 'confirmed',
      start: typeof spec.from === 'object' && 'after' in spec.from ? spec.from.after : undefined,
      sink,
      remove: name => this.#remove(name),
      releases: this.#releases,
      orphaned: words => this.#orphans.push(...words),
    })
    try {
      await source.open(signal)
    } catch (error) {
      source.pause()
      await source.stop(signal)
      throw error
    }
    return source
  }

  async lag(topic: string, group: string): Promise<Lag> {
    try {
      const info = await this.#need().consumers.info(this.#plan.stream.name, durable(topic, group))
      return { messages: info.num_pending + info.num_ack_pending }
    } catch (error) {
      if (isMissing(error)) return { messages: 0 }
      throw ours(error, 'lag')
    }
  }

  async close(signal: AbortSignal): Promise<void> {
    await this.#plan.connection.close(signal)
    this.#forget(new MillraceError('CLOSED', 'nats: closed'))
  }

  async #provision(manager: JetStreamManager): Promise<void> {
    const { topology, stream, subjects } = this.#plan
    if (topology === 'none') return
    let found: StreamConfig | undefined
    try {
      found = (await manager.streams.info(stream.name)).config
    } catch (error) {
      if (!isMissing(error) || topology === 'check') throw ours(error, `stream '${stream.name}'`)
    }
    if (found) {
      const lacking = subjects.all.filter(subject => !found.subjects.includes(subject))
      if (lacking.length > 0)
        throw new MillraceError(
          'TOPOLOGY_MISMATCH',
          `nats: stream '${stream.name}' does not capture ${lacking.join(', ')}`,
        )
      return
    }
    await manager.streams.add({
      storage: StorageType.File,
      duplicate_window: nanos(DUPLICATES),
      ...(subjects.all.length > 0 && { subjects: [...subjects.all] }),
      ...stream,
    })
  }

  /** The group's place in a topic: an existing one wins over `from`. */
  async #durable(topic: string | Pattern, group: string, from: From, lease: number | undefined): Promise<string> {
    const manager = this.#need()
    const { stream, subjects, topology } = this.#plan
    const name = durable(topic, group)
    try {
      const { config } = await manager.consumers.info(stream.name, name)
      // The lease is the consumer's: who subscribes last says how long it is. A declaration says nothing.
      if (lease !== undefined && config.ack_wait !== nanos(lease) && topology === 'create')
        await manager.consumers.update(stream.name, name, { ...config, ack_wait: nanos(lease) })
      return name
    } catch (error) {
      if (!isMissing(error)) throw ours(error, `consumer '${name}'`)
      if (topology === 'check' || topology === 'none')
        throw new MillraceError(
          'TOPOLOGY_MISMATCH',
          `nats: consumer '${name}' is not there and topology is '${topology}'`,
        )
    }
    const config = { ...common([topic], subjects, from, lease ?? LEASE), durable_name: name }
    try {
      await manager.consumers.add(stream.name, config)
    } catch (error) {
      // Another instance made it at the same moment, with another start perhaps: its place wins.
      const failed = ours(error, `consumer '${name}'`)
      if (!isMillraceError(failed, 'TOPOLOGY_MISMATCH')) throw failed
    }
    return name
  }

  async #ephemeral(topics: readonly (string | Pattern)[], from: From, lease: number): Promise<string> {
    const { stream, subjects } = this.#plan
    const info = await this.#need().consumers.add(stream.name, {
      ...common(topics, subjects, from, lease),
      name: newId(),
      inactive_threshold: nanos(300_000),
      mem_storage: true,
    })
    return info.name
  }

  /**
   * Where a subscription is sent what a consumer has: the same place again after an outage. A server that takes the link
   * before for alive goes on answering to what was asked over it.
   */
  #inbox(sink: Sink, consumer: string): string {
    const own = this.#inboxes.get(sink) ?? new Map<string, string>()
    this.#inboxes.set(sink, own)
    const inbox = own.get(consumer) ?? createInbox(inboxPrefix(this.#plan.connection.client))
    own.set(consumer, inbox)
    return inbox
  }

  async #remove(name: string): Promise<void> {
    await this.#manager?.consumers.delete(this.#plan.stream.name, name).catch(() => undefined) // it goes by itself
  }

  #forget(why: Error): void {
    this.#replies?.end(why)
    this.#replies = this.#manager = undefined
  }

  #need(): JetStreamManager {
    if (!this.#manager) throw new MillraceError('DISCONNECTED', 'nats: there is no connection')
    return this.#manager
  }
}

function common(
  topics: readonly (string | Pattern)[],
  subjects: Subjects,
  from: From,
  lease: number,
): Partial<ConsumerConfig> & Pick<ConsumerConfig, 'ack_policy' | 'deliver_policy'> {
  const filters = topics.flatMap(topic => (isPattern(topic) ? subjects.ofPattern(topic) : [subjects.of(topic)]))
  return {
    ack_policy: AckPolicy.Explicit,
    ack_wait: nanos(lease),
    // Core decides when attempts are used up and how many are in hand.
    max_deliver: -1,
    max_ack_pending: -1,
    ...(filters.length === 1 ? { filter_subject: filters[0]! } : { filter_subjects: [...new Set(filters)] }), // there is one
    ...start(from),
  }
}

function start(from: From): Pick<ConsumerConfig, 'deliver_policy'> & Partial<ConsumerConfig> {
  if (from === 'earliest') return { deliver_policy: DeliverPolicy.All }
  if (from === 'latest') return { deliver_policy: DeliverPolicy.New }
  if ('time' in from)
    return { deliver_policy: DeliverPolicy.StartTime, opt_start_time: new Date(from.time).toISOString() }
  const seq = Number(from.after)
  if (!Number.isInteger(seq) || seq < 0 || from.after === '')
    throw new MillraceError('BAD_OPTION', `from: '${from.after}' is no position of a stream's`)
  return { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: seq + 1 }
}

function isMissing(error: unknown): boolean {
  const { name } = error as { name?: unknown }
  return name === 'StreamNotFoundError' || name === 'ConsumerNotFoundError'
}
