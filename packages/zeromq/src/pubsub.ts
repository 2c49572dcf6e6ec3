/// <reference types="node" preserve="true" />
import type { Broker, Capabilities, Failure, Message } from 'millrace'
import {
  asError,
  broker,
  fromHeaders,
  isPattern,
  known,
  matches,
  MillraceError,
  newId,
  opened,
  toHeaders,
  type AttachSpec,
  type Driver,
  type Raw,
  type Settlement,
  type Sink,
  type Source,
  type WriteOptions,
} from 'millrace/adapter'
import type { Context } from './context.ts'
import { AckedConsumer, type Given } from './pubsub/acked-consumer.ts'
import { AckedOutlet, PubOutlet, PushOutlet, type Outlet } from './pubsub/outlet.ts'
import type { Outcome } from './pubsub/ledger.ts'
import { OPTIONS, planOf, type Plan, type ZeromqOptions } from './pubsub/plan.ts'
import { PullInlet, type Taker } from './pubsub/pull-inlet.ts'
import { internals } from './socket.ts'
import { Dealer, Pull, Subscriber, type Message as Frame, type Socket } from './sockets.ts'

export type { ZeromqOptions } from './pubsub/plan.ts'

/** ZeroMQ behind Millrace's contract: no broker between the processes. @throws BAD_OPTION */
export function zeromq(options: ZeromqOptions): Broker {
  known('zeromq', options, OPTIONS)
  const plan = planOf(options)
  if (typeof plan === 'string') throw new MillraceError('BAD_OPTION', plan)
  return broker(new ZeromqDriver(plan))
}

/** The largest payload that is accepted; ZeroMQ itself has no bound. */
const MAX_BYTES = 256 * 1024 * 1024
const LONGEST_DELAY = 24 * 3600 * 1000
/** Milliseconds between heartbeats, so that a peer that died without a word is noticed. */
const HEARTBEAT = 2000
/** Messages that are taken from a socket in one turn. */
const BATCH = 256

/** ZeroMQ's driver: one publishing socket, and a consuming one for each subscription (pushpull: one for all). */
class ZeromqDriver implements Driver {
  readonly name = 'zeromq'
  readonly subscribeOptions: readonly string[] = []
  readonly capabilities: Capabilities
  readonly #plan: Plan
  #outlet: Promise<Outlet> | undefined
  /** Where this broker's own publisher is bound. */
  #bound: string | undefined
  #inlet: Promise<PullInlet> | undefined
  /** pushpull: the one group that shares each topic. */
  readonly #groups = new Map<string, string>()
  /** pubsub under bind 'subscriber': the endpoint is taken. */
  #taken = false

  constructor(plan: Plan) {
    this.#plan = plan
    this.capabilities = capabilitiesOf(plan.pattern)
  }

  async open(): Promise<void> {
    if (this.#plan.bind === 'publisher') await this.#publisher()
  }

  declare(): Promise<void> {
    return Promise.resolve()
  }

  async write(topic: string, batch: readonly Message[], options: WriteOptions): Promise<readonly Failure[]> {
    const outlet = await this.#publisher()
    for (let index = 0; index < batch.length; index++) {
      const message = batch[index]! // index is below the length
      try {
        await outlet.send(topic, headersOf(message, options), message.payload, options.signal)
      } catch (error) {
        const rest = batch.slice(index)
        return rest.map(({ id }, i) => ({ index: index + i, id, outcome: 'refused', error: asError(error) }))
      }
    }
    return ACCEPTED
  }

  async attach(spec: AttachSpec, sink: Sink, signal: AbortSignal): Promise<Source> {
    const endpoint = this.#bound ?? this.#plan.endpoint
    switch (this.#plan.pattern) {
      case 'acked':
        return consume(this.#plan, endpoint, spec, sink, signal)
      case 'pushpull':
        return this.#share(endpoint, spec, sink, signal)
      case 'pubsub':
        return this.#listen(endpoint, spec, sink, signal)
    }
  }

  async close(): Promise<void> {
    const outlet = await this.#outlet?.catch(() => undefined)
    outlet?.close()
    const inlet = await this.#inlet?.catch(() => undefined)
    inlet?.socket.close()
  }

  async #listen(endpoint: string, spec: AttachSpec, sink: Sink, signal: AbortSignal): Promise<Source> {
    const binds = this.#plan.bind === 'subscriber'
    if (binds && this.#taken) {
      throw new MillraceError('TOO_MANY_SUBSCRIBERS', "under bind: 'subscriber' one subscription has the endpoint")
    }
    const source = await LiveSource.open(this.#plan, endpoint, spec, sink, signal, () => (this.#taken = false))
    this.#taken = binds
    if (this.#bound !== undefined && this.#outlet !== undefined) await source.reach(await this.#outlet, signal)
    return source
  }

  async #share(endpoint: string, spec: AttachSpec, sink: Sink, signal: AbortSignal): Promise<Source> {
    for (const topic of spec.topics.map(one => (isPattern(one) ? one.pattern : one))) {
      const group = this.#groups.get(topic) ?? spec.group
      if (group !== spec.group) {
        throw new MillraceError(
          'UNSUPPORTED',
          `pushpull is one queue: group '${group}' has '${topic}' to itself; groups that each get everything need 'acked'`,
        )
      }
      if (group !== undefined) this.#groups.set(topic, group)
    }
    this.#inlet ??= this.#makeInlet(endpoint, signal).catch((error: unknown) => {
      this.#inlet = undefined
      throw failed(error)
    })
    const inlet = await this.#inlet
    const taker: Taker = {
      credit: 0,
      wants: wanting(spec.topics),
      take: (topic, frames) => sink.deliver([rawOf(topic, frames, { attempt: 1 })]),
    }
    inlet.add(taker)
    return {
      request: credit => {
        taker.credit += credit
        inlet.pump()
      },
      settle: () => {},
      pause: () => inlet.remove(taker),
      stop: async () => inlet.remove(taker),
    }
  }

  async #makeInlet(endpoint: string, signal: AbortSignal): Promise<PullInlet> {
    const socket = new Pull({ ...common(this.#plan), receiveHighWaterMark: this.#plan.highWaterMark })
    await join(socket, this.#plan, endpoint, signal)
    return new PullInlet(socket)
  }

  #publisher(): Promise<Outlet> {
    this.#outlet ??= this.#makeOutlet().catch((error: unknown) => {
      this.#outlet = undefined
      throw failed(error)
    })
    return this.#outlet
  }

  async #makeOutlet(): Promise<Outlet> {
    const { pattern, bind, endpoint, highWaterMark } = this.#plan
    if (pattern === 'acked' && bind !== 'publisher') {
      throw new MillraceError('UNSUPPORTED', "pattern 'acked' publishes from the broker that binds (bind: true)")
    }
    const Made = pattern === 'pubsub' ? PubOutlet : pattern === 'acked' ? AckedOutlet : PushOutlet
    const outlet: Outlet = new Made({ common: common(this.#plan), highWaterMark, wanting: wantingNames })
    const { socket } = outlet
    try {
      if (bind === 'publisher') {
        await socket.bind(endpoint)
        this.#bound = socket.lastEndpoint ?? endpoint
      } else {
        const linked = happened(socket, 'handshake')
        socket.connect(endpoint)
        // Before there is a subscriber a publisher drops everything.
        if (pattern === 'pubsub') await linked
        else linked.catch(() => {})
      }
      return outlet
    } catch (error) {
      outlet.close()
      throw error
    }
  }
}

/** A subscription of `pubsub`: a SUB. */
class LiveSource implements Source {
  readonly #socket: Subscriber
  readonly #wants: (topic: string) => boolean
  readonly #sink: Sink
  readonly #ended: () => void
  #credit = 0
  #wake: (() => void) | undefined
  #state: 'running' | 'paused' | 'stopped' = 'running'

  private constructor(socket: Subscriber, wants: (topic: string) => boolean, sink: Sink, ended: () => void) {
    this.#socket = socket
    this.#wants = wants
    this.#sink = sink
    this.#ended = ended
  }

  static async open(
    plan: Plan,
    endpoint: string,
    spec: AttachSpec,
    sink: Sink,
    signal: AbortSignal,
    ended: () => void,
  ): Promise<LiveSource> {
    const socket = new Subscriber({ ...common(plan), receiveHighWaterMark: plan.highWaterMark })
    for (const prefix of prefixes(spec)) socket.subscribe(prefix)
    let down = false
    socket.events.on('disconnect', () => (down = true))
    socket.events.on('handshake', () => {
      if (down) sink.gap('the connection was lost for a while')
      down = false
    })
    await join(socket, plan, endpoint, signal)
    const source = new LiveSource(socket, wanting(spec.topics), sink, ended)
    void source.#run()
    return source
  }

  /** Resolves when the publisher of this process knows the subscription. */
  async reach(outlet: Outlet, signal: AbortSignal): Promise<void> {
    const socket = this.#socket
    // Subscriptions arrive in order: once the last of them is there, all are.
    const mark = Buffer.from(`\0${newId()}`)
    const { topics } = internals(outlet.socket).pattern
    socket.subscribe(mark)
    while (topics?.has(mark) === false && !signal.aborted) await new Promise(resolve => setImmediate(resolve))
    socket.unsubscribe(mark)
  }

  request(credit: number): void {
    this.#credit += credit
    this.#wake?.()
  }

  settle(): void {}

  pause(): void {
    if (this.#state === 'running') this.#state = 'paused'
  }

  async stop(): Promise<void> {
    this.#state = 'stopped'
    this.#socket.close()
    this.#wake?.()
    this.#ended()
  }

  async #run(): Promise<void> {
    while (this.#state !== 'stopped') {
      if (this.#credit <= 0 || this.#state === 'paused') {
        await new Promise<void>(resolve => (this.#wake = resolve))
        this.#wake = undefined
        continue
      }
      let messages: Frame[][]
      try {
        messages = await internals(this.#socket).receiveMany(Math.min(this.#credit, BATCH))
      } catch {
        return // closed
      }
      const raws: Raw[] = []
      for (const [topic, ...rest] of messages) {
        const name = String(topic)
        if (this.#wants(name)) raws.push(rawOf(name, rest, { attempt: 1 }))
      }
      if (raws.length === 0) continue
      this.#credit -= raws.length
      this.#sink.deliver(raws)
    }
  }
}

interface AckedRaw extends Raw {
  readonly sequence: number
}

/** A subscription of `acked`. */
async function consume(
  plan: Plan,
  endpoint: string,
  spec: AttachSpec,
  sink: Sink,
  signal: AbortSignal,
): Promise<Source> {
  const socket = new Dealer({ ...common(plan), sendHighWaterMark: 0, receiveHighWaterMark: 0 })
  const consumer = new AckedConsumer(socket, {
    take: batch => sink.deliver(batch.map(ackedRaw)),
    gone: () => sink.down(new MillraceError('DISCONNECTED', 'the publisher is gone')),
  })
  await join(socket, plan, endpoint, signal)
  try {
    const wish = {
      topics: spec.topics.filter(topic => typeof topic === 'string'),
      patterns: spec.topics.filter(isPattern).map(one => one.pattern),
      ...(spec.group === undefined ? {} : { group: spec.group }),
    }
    if (!(await consumer.join(wish, signal))) {
      throw new MillraceError('BAD_OPTION', `at ${endpoint} is no publisher of 'acked'`)
    }
  } catch (error) {
    consumer.stop()
    throw failed(error)
  }
  return {
    request: credit => consumer.credit(credit),
    settle: batch => consumer.settle(batch.flatMap(settlementOf)),
    pause: () => consumer.pause(),
    stop: async () => consumer.stop(),
  }
}

interface AckedRaw extends Raw {
  readonly sequence: number
}

function ackedRaw({ sequence, attempt, redelivered, topic, frames }: Given): AckedRaw {
  return { ...rawOf(topic, frames, { attempt, redelivered }), sequence, origin: { sequence } }
}

/** What is held stays in this process's hands: the publisher is told nothing. */
function settlementOf({ raw, outcome, delay }: Settlement): [number, Outcome, number][] {
  return outcome === 'hold' ? [] : [[(raw as AckedRaw).sequence, outcome, delay]]
}

const ACCEPTED: readonly Failure[] = []

function headersOf(message: Message, { expires }: WriteOptions): string {
  return JSON.stringify(toHeaders(message, { time: Date.now(), expires }))
}

/** A message as it arrived; one of a plain ZeroMQ application is a topic and one frame. */
function rawOf(topic: string, frames: readonly Frame[], how: { attempt: number; redelivered?: boolean }): Raw {
  const payload = frames.at(-1)
  const raw = { topic, attempt: how.attempt, ...(how.redelivered === true && { redelivered: true }), origin: {} }
  try {
    if (payload === undefined || frames.length > 2)
      throw new Error(`${frames.length} frames behind the topic, not 1 or 2`)
    const headers = frames.length === 2 ? (JSON.parse(String(frames[0])) as unknown) : {}
    if (typeof headers !== 'object' || headers === null) throw new Error('the headers are no object')
    const from = fromHeaders(Object.entries(headers))
    return { ...raw, message: opened(from, payload, newId), time: from.time, expires: from.expires }
  } catch (error) {
    const why = new MillraceError('UNDECODABLE', `a message that is none: ${asError(error).message}`, { cause: error })
    return { ...raw, message: undefined, undecodable: { error: why, payload: payload ?? new Uint8Array(0) } }
  }
}

/** Whether a subscription wants a topic: SUB matches prefixes, and one queue may have several. */
function wanting(topics: AttachSpec['topics']): (topic: string) => boolean {
  const names = new Set(topics.filter(topic => typeof topic === 'string'))
  const patterns = topics.filter(isPattern)
  return topic => names.has(topic) || patterns.some(set => matches(set, topic))
}

function wantingNames(topics: readonly string[], patterns: readonly string[]): (topic: string) => boolean {
  return wanting([...topics, ...patterns.map(text => ({ pattern: text, levels: text.split('.') }))])
}

/** What a SUB has to subscribe to; patterns by what stands before their first wildcard. */
function prefixes(spec: AttachSpec): string[] {
  // `a.**` has `a` in its set, and what a prefix lets through too much is left out later.
  return spec.topics.map(topic => (isPattern(topic) ? topic.pattern.replace(/\.?\*.*$/, '') : topic))
}

/** Binds or connects a consuming socket; resolves when it is bound or linked. */
async function join(socket: Socket, plan: Plan, endpoint: string, signal: AbortSignal): Promise<void> {
  try {
    if (plan.bind === 'subscriber') return await socket.bind(endpoint)
    const linked = happened(socket, 'handshake', signal)
    socket.connect(endpoint)
    // In the same process there is no handshake to wait for.
    if (!endpoint.startsWith('inproc:')) return await linked
  } catch (error) {
    socket.close()
    throw failed(error)
  }
}

/** Resolves at the next event of a socket; rejects when it cannot come any more. */
function happened(socket: Socket, event: 'handshake', signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const refused = (): void =>
      end(
        new MillraceError('UNSUPPORTED', 'the socket there is of another pattern: one side publishes, one subscribes'),
      )
    const aborted = (): void => end(asError(signal?.reason))
    const done = (): void => end()
    const end = (error?: Error): void => {
      socket.events.off(event, done)
      socket.events.off('handshake:error:protocol', refused)
      signal?.removeEventListener('abort', aborted)
      if (error === undefined) resolve()
      else reject(error)
    }
    socket.events.on(event, done)
    socket.events.on('handshake:error:protocol', refused)
    signal?.addEventListener('abort', aborted)
  })
}

function common(plan: Plan): { context?: Context; linger: number; heartbeatInterval: number } {
  return {
    ...(plan.context === undefined ? {} : { context: plan.context }),
    linger: 1000,
    heartbeatInterval: HEARTBEAT,
  }
}

function failed(error: unknown): Error {
  if (error instanceof MillraceError) return error
  const { code, message } = asError(error) as Error & { code?: string }
  if (code === 'EINVAL' || code === 'EPROTONOSUPPORT' || code === 'EADDRINUSE' || code === 'ENODEV') {
    return new MillraceError('BAD_OPTION', `zeromq: ${message}`, { cause: error })
  }
  return new MillraceError('DISCONNECTED', `zeromq: ${message}`, { cause: error })
}

function capabilitiesOf(pattern: Plan['pattern']): Capabilities {
  const acked = pattern === 'acked'
  const capabilities: Capabilities = {
    // acked: the publisher's own memory is what holds it.
    accepts: acked ? 'held' : 'sent',
    subscribes: acked ? 'server' : 'local',
    settles: acked ? 'sent' : 'none',
    groups: pattern !== 'pubsub',
    broadcast: pattern === 'pushpull' ? false : 'live',
    ordered: 'topic',
    keyAffinity: false,
    attempts: acked ? 'process' : 'none',
    nackDelay: acked ? { where: 'broker', max: LONGEST_DELAY } : false,
    publishDelay: false,
    ttl: 'delivery',
    priority: 1,
    replays: false,
    patterns: true,
    leases: false,
    transactions: false,
    maxBytes: MAX_BYTES,
    dedupes: 0,
    shared: false,
  }
  return Object.freeze(capabilities)
}
