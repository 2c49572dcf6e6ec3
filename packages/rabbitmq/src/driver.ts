import type { Channel, Options } from 'amqplib'
import { asError, isMillraceError, isPattern, MillraceError, newId, orAborted } from 'millrace/adapter'
import type { AttachSpec, DeclareHow, Driver, Sink, Source, WriteOptions } from 'millrace/adapter'
import type { Capabilities, Failure, Lag, Message, Pattern } from 'millrace'
import type { Connection } from './connection.ts'
import { checkCarried, toAmqp } from './encode.ts'
import type { Wire } from './encode.ts'
import { ours, publishing } from './errors.ts'
import { answered, goodbye } from './patience.ts'
import { LONGEST } from './ladder.ts'
import { Publisher } from './publisher.ts'
import { RabbitSource } from './source.ts'
import { startAt } from './stream-place.ts'
import { StreamSource } from './stream-source.ts'
import { Topology } from './topology.ts'
import type { Plan, Route } from './topology.ts'

export interface DriverPlan extends Plan {
  readonly connection: Connection
  readonly wire: Wire
  /** Whether a message that no queue takes is NO_ROUTE. */
  readonly mandatory: boolean
  readonly maxBytes: number
}

/** Something that reads, and how it begins to read a topic. */
interface Reader {
  readonly source: Source
  readonly consume: (topic: string | Pattern) => Promise<void>
}

/** The one group of the 'work' preset. */
export const WORKERS = 'workers'
/** Message TTL and at-least-once dead-lettering on quorum queues: RabbitMQ 3.10. */
const OLDEST = [3, 10] as const
/** AMQP's prefetch is a short. */
const PREFETCH = 65_535
/** ms in which a subscribe that failed gives its channel back. */
const LETTING_GO = 1_000

/** RabbitMQ over AMQP 0-9-1: one connection, one channel to publish on, one for each subscription. */
export class RabbitDriver implements Driver {
  readonly name = 'rabbitmq'
  readonly subscribeOptions: readonly string[] = []
  readonly capabilities: Capabilities
  /** A stream has no groups, and what its readers have not read is theirs to know. */
  readonly lag?: (topic: string, group: string) => Promise<Lag>
  readonly #sources = new Set<RabbitSource>()
  readonly #plan: DriverPlan
  readonly #topology: Topology
  #publisher: Publisher | undefined
  #lost: (error: Error) => void = () => undefined
  /** Whether the ladder of delay queues stands, for this connection. */
  #ladder: Promise<void> | undefined
  /** Fan-out exchanges that stand, for this connection. */
  readonly #exchanges = new Map<string, Promise<void>>()
  /** What was declared, to be declared again on the next connection. */
  readonly #declared = new Map<string, { readonly topic: string; readonly group: string | undefined }>()
  /** Topics that need no listener. */
  readonly #optional = new Set<string>()

  constructor(plan: DriverPlan) {
    this.#plan = plan
    this.#topology = new Topology(plan)
    const ordered = plan.singleActiveConsumer
    const stream = plan.queues === 'stream'
    // A message that waits with the broker comes back at the tail: where order counts it waits here.
    const here = ordered || stream
    const capabilities: Capabilities = {
      accepts: 'stored',
      subscribes: 'server',
      // A stream's reader keeps its own place: what it settles is settled there and then.
      settles: stream ? 'confirmed' : 'sent',
      groups: !stream,
      broadcast: stream ? 'replay' : plan.preset === 'work' ? false : 'live',
      ordered: 'topic',
      keyAffinity: ordered,
      attempts: here ? 'process' : 'durable',
      nackDelay: here ? { where: 'process', max: Infinity } : { where: 'broker', max: LONGEST },
      publishDelay: { max: LONGEST, exact: true },
      ttl: stream ? 'delivery' : 'broker',
      priority: plan.priorities,
      replays: stream,
      // A pattern's stream would have no past of its topics.
      patterns: plan.preset === 'topic' && !stream,
      leases: false,
      transactions: false,
      maxBytes: plan.maxBytes,
      dedupes: 0,
      shared: true,
    }
    this.capabilities = Object.freeze(capabilities)
    if (!stream) this.lag = (topic, group) => this.#lag(topic, group)
  }

  watch(lost: (error: Error) => void): void {
    this.#lost = lost
    this.#plan.connection.onClosed(lost)
  }

  async open(signal: AbortSignal): Promise<void> {
    const { connection } = this.#plan
    if (!connection.isOpen) {
      this.#publisher = undefined
      this.#ladder = undefined
      this.#exchanges.clear()
      await connection.open(signal)
      const [major = 0, minor = 0] = connection.version.split('.').map(Number)
      if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
        await connection.close(signal)
        throw new MillraceError(
          'SERVER_TOO_OLD',
          `rabbitmq: the server is ${connection.version}; ${OLDEST.join('.')} is the oldest whose quorum queues expire messages`,
        )
      }
    }
    if (this.#publisher?.isOpen) return
    await this.#onChannel('open', async channel => {
      await this.#topology.base(channel)
      for (const { topic, group } of this.#declared.values()) await this.#declare(channel, topic, group)
    })
    try {
      const channel = await connection.confirmChannel()
      const publisher = (this.#publisher = new Publisher(channel))
      // The server ends it alone where it will not have what was published, and with the connection.
      channel.on('close', () => this.#publisher === publisher && this.#lost(disconnected()))
    } catch (error) {
      throw ours(error, 'open')
    }
  }

  async declare(topic: string, how: DeclareHow, signal: AbortSignal): Promise<void> {
    if (how.group !== undefined) this.#checkGroup(how.group)
    const declared = this.#onChannel('declare', channel => this.#declare(channel, topic, how.group))
    await orAborted(declared, signal, 'declare')
    // Declared without a group it may be published to while nobody listens; but never so for the dead.
    if (how.group === undefined && !how.dead && this.#plan.queues !== 'stream') this.#optional.add(topic)
    this.#declared.set(`${topic}\n${how.group ?? ''}`, { topic, group: how.group })
  }

  write(topic: string, batch: readonly Message[], options: WriteOptions): Promise<readonly Failure[]> {
    checkCarried(batch, this.#plan.wire)
    if (options.notBefore !== undefined || this.#plan.preset === 'fanout' || this.#full)
      return this.#writeLater(topic, batch, options)
    return this.#send(this.#topology.route(topic), topic, batch, options)
  }

  async attach(spec: AttachSpec, sink: Sink, signal: AbortSignal): Promise<Source> {
    const { connection } = this.#plan
    const { group, topics } = spec
    if (group !== undefined) this.#checkGroup(group)
    let channel: Channel
    let failed: Error | undefined
    try {
      const made = connection.channel()
      // Late, it is of no use to anybody.
      channel = await orAborted(made, signal, 'subscribe').catch((error: unknown) => {
        if (signal.aborted)
          void made.then(
            late => goodbye(late),
            () => undefined,
          )
        throw error
      })
    } catch (error) {
      throw ours(error, 'subscribe')
    }
    channel.on('error', (error: Error) => (failed = error))
    const { source, consume } =
      this.#plan.queues === 'stream' ? this.#reader(channel, spec, sink) : this.#consumer(channel, spec, sink)
    try {
      const begin = async (): Promise<void> => {
        await channel.prefetch(Math.min(PREFETCH, Math.max(1, Math.floor(spec.prefetch / topics.length))))
        for (const topic of topics) await answered(consume(topic))
      }
      await orAborted(begin(), signal, 'subscribe')
    } catch (error) {
      await source.stop(AbortSignal.timeout(LETTING_GO))
      throw ours(failed ?? error, 'subscribe')
    }
    return source
  }

  async close(signal: AbortSignal): Promise<void> {
    this.#publisher = undefined
    await this.#plan.connection.close(signal)
  }

  /** What has something to wait for before it may be sent. */
  async #writeLater(topic: string, batch: readonly Message[], options: WriteOptions): Promise<readonly Failure[]> {
    const { notBefore } = options
    const delay = notBefore === undefined ? 0 : Math.max(0, notBefore - Date.now())
    if (delay > 0) await this.#ready()
    if (this.#plan.preset === 'fanout') await this.#exchange(topic)
    // The signal is made when it is first read: only where there is something to wait for.
    const stopped = this.#full ? await this.#room(options.signal) : undefined
    if (stopped) return batch.map(({ id }, index) => ({ index, id, outcome: 'refused', error: stopped }))
    const route = delay > 0 ? this.#topology.delayed(topic, delay) : this.#topology.route(topic)
    return this.#send(route, topic, batch, options, delay)
  }

  async #declare(channel: Channel, topic: string, group: string | undefined): Promise<void> {
    if (group === undefined) await this.#topology.topic(channel, topic)
    else await this.#topology.group(channel, topic, group)
  }

  #consumer(channel: Channel, spec: AttachSpec, sink: Sink): Reader {
    const { group, maxDeliveries } = spec
    const source = new RabbitSource({
      channel,
      sink,
      maxDeliveries,
      together: this.#plan.singleActiveConsumer,
      again: (queue, delay, content, options) => this.#again(queue, delay, content, options),
    })
    this.#sources.add(source)
    channel.on('close', () => this.#sources.delete(source))
    const consume = async (topic: string | Pattern): Promise<void> => {
      const queue = group === undefined ? `${this.#plan.prefix}:~${newId()}` : this.#topology.queue(topic, group)
      if (group === undefined) await this.#topology.ephemeral(channel, topic, queue)
      else await this.#topology.group(channel, topic, group)
      await source.consume(queue, isPattern(topic) ? undefined : topic)
    }
    return { source, consume }
  }

  #reader(channel: Channel, { from, topics }: AttachSpec, sink: Sink): Reader {
    const source = new StreamSource(channel, sink)
    const consume = async (topic: string | Pattern): Promise<void> => {
      const name = topic as string // capabilities.patterns
      const stream = this.#topology.stream(name)
      let start = startAt(from, name, { only: topics.length === 1, now: Date.now() })
      if (start.next !== undefined && start.next > 0 && !(await this.#stands(stream))) {
        sink.gap(`the stream of '${name}' has gone: it is read from the start of the next`)
        start = startAt('earliest', name, { only: true, now: 0 })
      }
      await this.#topology.topic(channel, name)
      await source.consume(stream, name, start)
    }
    return { source, consume }
  }

  /** Whether a queue is there. */
  async #stands(queue: string): Promise<boolean> {
    try {
      await this.#onChannel('subscribe', async channel => void (await channel.checkQueue(queue)))
      return true
    } catch (error) {
      if (isMillraceError(error, 'TOPOLOGY_MISMATCH')) return false
      throw error
    }
  }

  /** What is ready in the queue, and what this broker's own consumers have in hand; the server does not tell of others'. */
  async #lag(topic: string, group: string): Promise<Lag> {
    this.#checkGroup(group)
    const queue = this.#topology.queue(topic, group)
    let messages = 0
    await this.#onChannel('lag', async channel => {
      messages = (await channel.checkQueue(queue)).messageCount
    })
    for (const source of this.#sources) messages += source.held(queue)
    return { messages }
  }

  /** Publishes to its queue again, after a time, and waits until the server has it. */
  async #again(queue: string, delay: number, content: Uint8Array, options: Options.Publish): Promise<void> {
    const route = this.#topology.back(queue, delay)
    if (route.exchange !== '') await this.#ready()
    const publisher = this.#need()
    await new Promise<void>((resolve, reject) => {
      publisher.sendAs(route, content, { ...options, mandatory: true }, error => (error ? reject(error) : resolve()))
    })
  }

  #send(
    { exchange, key }: Route,
    topic: string,
    batch: readonly Message[],
    { expires, priority }: WriteOptions,
    delay = 0,
  ): Promise<readonly Failure[]> {
    const publisher = this.#publisher
    if (!publisher?.isOpen) return Promise.reject(disconnected())
    const { wire } = this.#plan
    const time = Date.now()
    const mandatory = this.#plan.mandatory && delay === 0 && !this.#optional.has(topic)
    // On the ladder it would end the wait early; there core looks at it on delivery.
    const expiration = expires === undefined || delay > 0 ? undefined : Math.max(0, expires - time)
    return new Promise((resolve, reject) => {
      const failures: Failure[] = []
      let left = batch.length
      const ended = (index: number, outcome: Failure['outcome'], error: MillraceError): void => {
        failures.push({ index, id: batch[index]!.id, outcome, error }) // index < length
      }
      for (let index = 0; index < batch.length; index++) {
        const message = batch[index]! // index < length
        const headers = toAmqp(message, { time, expires }, wire)
        try {
          publisher.send(
            { exchange, key, payload: message.payload, mandatory, headers, expiration, priority },
            error => {
              if (error) {
                const own = publishing(error, topic)
                // What came back is nowhere; anything else may be in one of several queues.
                ended(index, own.code === 'NO_ROUTE' && publisher.isOpen ? 'refused' : 'unknown', own)
              }
              if (--left === 0) resolve(failures.length > 1 ? failures.sort((a, b) => a.index - b.index) : failures)
            },
          )
        } catch (thrown) {
          const error = publishing(thrown, topic)
          if (index === 0 && error.code === 'DISCONNECTED') return reject(error)
          for (; index < batch.length; index++, left--) ended(index, 'refused', error)
          if (left === 0) resolve(failures)
        }
      }
    })
  }

  /** While the server or the socket takes nothing more. */
  get #full(): Promise<void> | undefined {
    return this.#plan.connection.blocked ?? this.#publisher?.full
  }

  /** Waits while the server or the socket takes nothing more. Answers with what ended the wait before its time. */
  async #room(signal: AbortSignal): Promise<Error | undefined> {
    for (;;) {
      const wait = this.#full
      if (!wait) return undefined
      if (signal.aborted) return asError(signal.reason)
      let stop = (): void => undefined
      const stopped = new Promise<void>(resolve => {
        stop = resolve
        signal.addEventListener('abort', stop, { once: true })
      })
      await Promise.race([wait, stopped])
      signal.removeEventListener('abort', stop)
      if (signal.aborted) return asError(signal.reason)
    }
  }

  #ready(): Promise<void> {
    this.#ladder ??= this.#once(
      this.#onChannel('delay', channel => this.#topology.ladder(channel)),
      () => (this.#ladder = undefined),
    )
    return this.#ladder
  }

  #exchange(topic: string): Promise<void> {
    let made = this.#exchanges.get(topic)
    if (!made) {
      made = this.#once(
        this.#onChannel('declare', channel => this.#topology.topic(channel, topic)),
        () => this.#exchanges.delete(topic),
      )
      this.#exchanges.set(topic, made)
    }
    return made
  }

  #once(work: Promise<void>, forget: () => void): Promise<void> {
    work.catch(forget)
    return work
  }

  /** A channel of its own: what the server refuses closes it. */
  async #onChannel(what: string, work: (channel: Channel) => Promise<void>): Promise<void> {
    let failed: Error | undefined
    try {
      const channel = await this.#plan.connection.channel()
      channel.on('error', (error: Error) => (failed = error))
      await work(channel)
      await goodbye(channel)
    } catch (error) {
      throw ours(failed ?? error, what)
    }
  }

  #need(): Publisher {
    if (!this.#publisher?.isOpen) throw disconnected()
    return this.#publisher
  }

  #checkGroup(group: string): void {
    if (this.#plan.preset === 'work' && group !== WORKERS)
      throw new MillraceError(
        'UNSUPPORTED',
        `rabbitmq: preset 'work' has one queue for each topic, and one group: '${WORKERS}', not '${group}'`,
      )
  }
}

function disconnected(): MillraceError {
  return new MillraceError('DISCONNECTED', 'rabbitmq: there is no connection')
}
