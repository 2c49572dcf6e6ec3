import type { IClientOptions, IClientSubscribeOptions, IConnackPacket, MqttClient } from 'mqtt'
import { aborted, asError, isPattern, LONGEST_WAIT, matches, MillraceError, newId } from 'millrace/adapter'
import type { AttachSpec, Driver, Sink, Source, WriteOptions } from 'millrace/adapter'
import type { Capabilities, Failure, Message, SubscribeOptions } from 'millrace'
import { dial, farewell, whileOpen } from './connection.ts'
import { toMqtt } from './encode.ts'
import type { Wire } from './encode.ts'
import { PacketIds } from './packet-ids.ts'
import { PacketReader } from './packet-reader.ts'
import type { Taking } from './packet-reader.ts'
import { PacketWriter } from './packet-writer.ts'
import { Publisher } from './publisher.ts'
import type { Direct, Outgoing } from './publisher.ts'
import { Sessions } from './sessions.ts'
import type { Session } from './sessions.ts'
import { MqttSource } from './source.ts'
import type { Leaving, MqttRaw } from './source.ts'
import { Places } from './places.ts'
import type { Connected } from './connection.ts'
import type { Topics } from './topics.ts'
import { WriteJob, Written } from './write-job.ts'

export type QoS = 0 | 1 | 2

/** What MQTT adds to subscribe's options. */
export interface MqttSubscribeOptions extends SubscribeOptions {
  /** The most that messages of this subscription are sent with. Default: the factory's. */
  readonly qos?: QoS
  /** 'take': retained messages that were there before come first; not in a group. Default 'skip'. */
  readonly retained?: 'skip' | 'take'
}

/** What one message is published with. */
export interface Publishing {
  readonly qos?: QoS
  readonly retain?: boolean
}

export interface MqttPlan {
  /** How to reach the server; without a client id. */
  readonly dial: IClientOptions
  readonly client: MqttClient | undefined
  readonly version: 4 | 5
  readonly topics: Topics
  readonly qos: QoS
  readonly wire: Wire
  readonly maxBytes: number
  readonly maxPending: number
  readonly publishing: ((topic: string, message: Message) => Publishing) | undefined
  /** Un-acknowledged publishes at most; undefined: what the server says. */
  readonly inFlight: number | undefined
  /** What nobody subscribes to is NO_ROUTE. */
  readonly mandatory: boolean
  /** ms after the connection came back in which what nobody subscribes to is sent again, or nothing is sent if that is not told. */
  readonly rejoin: number | undefined
  /** Sessions of this name outlive the process. */
  readonly clientId: string | undefined
  /** ms that a session is kept without a connection. */
  readonly sessionExpiry: number
}

/** Whose connection ends, and until when there is time for it. */
interface Left {
  readonly session: Session
  readonly group: string | undefined
  readonly filters: readonly string[]
  readonly end: AbortSignal
}

/** Room for topic, properties and the envelope beside the payload. */
const BESIDE = 16 * 1024
/** s that the session of a member without a name waits for it. */
const OUTAGE = 600
/** ms for a connection that is only made to be left again. */
const PATIENCE = 10_000
/** ms for groups to come back after an outage, where the server tells that nobody was there: core's longest pause. */
const TOLD = 10_000
/** The same where it does not: nothing is published meanwhile. */
const UNTOLD = 2000
/** In flight on a client of the user's, whose server is not known. */
const MODEST = 20

export class MqttDriver implements Driver {
  readonly name = 'mqtt'
  readonly subscribeOptions: readonly string[] = ['qos', 'retained']
  readonly capabilities: Capabilities
  readonly #plan: MqttPlan
  readonly #id: string
  readonly #sessions: Sessions
  readonly #places: Places | undefined
  /** Aborts at the end of the close: what is still connecting then is of no use to anybody. */
  readonly #life = new AbortController()
  #client: MqttClient | undefined
  #publisher: Publisher | undefined
  #lost: (error: Error) => void = () => undefined
  #opened: 'never' | 'before' = 'never'

  constructor(plan: MqttPlan) {
    this.#plan = plan
    this.#id = plan.clientId ?? `millrace-${newId()}`
    this.#sessions = new Sessions(this.#id)
    const { qos } = plan
    if (qos > 0)
      this.#places = new Places({
        topics: plan.topics,
        qos: qos === 2 ? 2 : 1,
        dial: (clientId, extra, prepare) => this.#dialSession(clientId, extra, prepare),
        send: topic => this.#send({ topic, payload: Buffer.alloc(0), options: { qos: 1 } }),
        back: (raw, group) => this.#giveBack(raw, group),
      })
    const capabilities: Capabilities = {
      accepts: plan.qos === 0 ? 'sent' : 'held',
      subscribes: 'server',
      settles: plan.qos === 0 ? 'none' : 'sent',
      groups: true,
      broadcast: 'live',
      ordered: 'topic',
      keyAffinity: false,
      attempts: 'process',
      nackDelay: { where: 'process', max: LONGEST_WAIT },
      publishDelay: false,
      ttl: 'delivery',
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
    this.#lost = lost
  }

  async open(signal: AbortSignal): Promise<void> {
    if (this.#publisher?.open) return
    this.#publisher?.end()
    this.#publisher = undefined
    const { client: given, inFlight } = this.#plan
    if (given) {
      await standing(given, signal)
      return this.#publishOver(given, { window: inFlight ?? MODEST, signal })
    }
    // The session of the publishing connection is of no use: what was not acknowledged is told as unknown.
    const clientId = `${this.#id}-${newId()}`
    const ids = new PacketIds()
    const options = { ...this.#plan.dial, clientId, clean: true, messageIdProvider: ids }
    const taking: Taking = {}
    const { client, connack } = await dial(options, signal, made => void new PacketReader(made, taking))
    try {
      this.#check(connack)
      const most = connack.properties?.receiveMaximum ?? 65_535
      const writer = new PacketWriter(client, { largest: connack.properties?.maximumPacketSize })
      const direct = { ids, writer, taking }
      await this.#publishOver(client, { window: Math.min(inFlight ?? most, most), direct, signal })
    } catch (error) {
      await farewell(client)
      throw error
    }
    this.#client = client
  }

  async declare(topic: string, { group }: { readonly group?: string }): Promise<void> {
    if (group === undefined || !this.#places) return
    const filter = this.#plan.topics.of(topic)
    await this.#places.keep(group, filter)
    await this.#places.tell(group, filter)
  }

  write(topic: string, batch: readonly Message[], options: WriteOptions): Promise<readonly Failure[]> {
    const publisher = this.#publisher
    if (!publisher?.open) return Promise.reject(new MillraceError('DISCONNECTED', 'mqtt: there is no connection'))
    const place = this.#plan.topics.of(topic)
    const time = Date.now()
    const job = new WriteJob(publisher, batch.length, options)
    for (let index = 0; index < batch.length; index++) {
      const message = batch[index]! // index < length
      try {
        const { qos = this.#plan.qos, retain = false } = this.#plan.publishing?.(topic, message) ?? {}
        const packet = this.#packet(place, message, { time, expires: options.expires }, { qos, retain })
        publisher.publish(new Written(job, packet, { id: message.id, index, heard: this.#plan.mandatory }))
      } catch (error) {
        job.done({ index, id: message.id, outcome: 'refused', error: asError(error) }, false)
      }
    }
    return job.answer
  }

  async attach(spec: AttachSpec, sink: Sink, signal: AbortSignal): Promise<Source> {
    const { topics, maxPending } = this.#plan
    const { group } = spec
    const { qos = this.#plan.qos, retained = 'skip' } = spec.options as MqttSubscribeOptions
    const filters = this.#filters(spec, { qos, rh: retained === 'take' ? 0 : 2 })
    const places = spec.topics.map(topic => this.#filter(topic))
    let adopting = Promise.resolve()
    let member: 'stays' | 'goes' = 'stays'
    const stays = (): boolean => member === 'stays'
    // One after another. What cannot be adopted now stays where it is until the next call; who goes calls others.
    const adopt = (place: string): Promise<void> =>
      (adopting = adopting
        .then(() => (stays() ? this.#places?.adopt(group ?? '', place, stays) : undefined))
        .catch(() => undefined))
    const session = this.#sessions.of(sink, group, Object.keys(filters))
    const source = new MqttSource({
      sink,
      topics,
      filters,
      calls: new Map(group === undefined ? [] : places.map(place => [this.#places?.call(group, place) ?? '', () => void adopt(place)])), // prettier-ignore
      wanted: topic => spec.topics.some(one => (isPattern(one) ? matches(one, topic) : one === topic)),
      retained: retained === 'take',
      maxPending,
      window: spec.prefetch,
      leave: async (leaving, end) => {
        member = 'goes'
        await adopting
        await this.#leave(leaving, { session, group, filters: places, end })
      },
    })
    const options = this.#sourceOptions(session, spec)
    const { client, connack } = await dial(options, signal, made => source.prepare(made))
    try {
      await source.subscribe()
      // The next connection must not wait for what this one cannot do any more: the group would have nobody meanwhile.
      if (group !== undefined && this.#places) await whileOpen(client, Promise.all(places.map(adopt)))
      if (!client.connected) throw new MillraceError('DISCONNECTED', 'mqtt: the connection is closed')
    } catch (error) {
      member = 'goes'
      client.end(true)
      throw error
    }
    if (session.known && !connack.sessionPresent)
      sink.gap('the server no longer had the session: what was published meanwhile is missed')
    session.known = true
    return source
  }

  async close(signal: AbortSignal): Promise<void> {
    this.#publisher?.end()
    this.#publisher = undefined
    if (this.#client) await farewell(this.#client, { signal })
    this.#client = undefined
    this.#life.abort(new MillraceError('CLOSED', 'mqtt: the broker is closed'))
  }

  #packet(
    topic: string,
    message: Message,
    stamp: { time?: number | undefined; expires?: number | undefined; attempt?: number },
    options: { readonly qos: QoS; readonly retain: boolean },
  ): Pick<Outgoing, 'topic' | 'payload' | 'options'> {
    const { wire, version } = this.#plan
    const { payload, properties } = toMqtt(message, stamp, wire, version)
    // An empty payload takes away what is retained; an envelope never is empty.
    const bytes = options.retain && message.tombstone ? Buffer.alloc(0) : payload
    return { topic, payload: bytes, options: { ...options, ...(properties && { properties }) } }
  }

  #filter(topic: AttachSpec['topics'][number]): string {
    const { topics } = this.#plan
    return isPattern(topic) ? topics.ofPattern(topic) : topics.of(topic)
  }

  #filters(spec: AttachSpec, options: IClientSubscribeOptions): Record<string, IClientSubscribeOptions> {
    const { group } = spec
    const filters: Record<string, IClientSubscribeOptions> = {}
    for (const topic of spec.topics) {
      // Of two filters that match a message the server may send it twice.
      if (!isPattern(topic) && spec.topics.some(one => isPattern(one) && matches(one, topic))) continue
      const filter = this.#filter(topic)
      if (group === undefined) filters[filter] = options
      else if (!this.#places) filters[`$share/${group}/${filter}`] = options
      else {
        for (const one of this.#places.filters(group, filter)) filters[one] = options
        filters[`$share/${group}/${this.#places.call(group, filter)}`] = { qos: 1 }
      }
    }
    return filters
  }

  #sourceOptions(session: Session, spec: AttachSpec): IClientOptions {
    const { version, clientId, sessionExpiry } = this.#plan
    const durable = spec.group !== undefined && this.#places !== undefined
    const expiry = Math.ceil(sessionExpiry / 1000)
    return {
      ...this.#unwilling(),
      clientId: session.clientId,
      clean: !durable,
      ...(version === 5 && {
        properties: {
          ...this.#plan.dial.properties,
          // The server sends no more than may be un-settled here.
          receiveMaximum: Math.min(spec.prefetch, 65_535),
          ...(durable && { sessionExpiryInterval: clientId === undefined ? Math.min(expiry, OUTAGE) : expiry }),
        },
      }),
    }
  }

  /** Only the publishing connection has a will. */
  #unwilling(): IClientOptions {
    const options = { ...this.#plan.dial }
    delete options.will
    return options
  }

  #dialSession(clientId: string, extra: IClientOptions, prepare?: (client: MqttClient) => void): Promise<Connected> {
    const base = this.#unwilling()
    const sessionExpiryInterval = Math.ceil(this.#plan.sessionExpiry / 1000)
    return dial(
      {
        ...base,
        clientId,
        clean: false,
        ...(this.#plan.version === 5 && {
          properties: { ...base.properties, ...extra.properties, sessionExpiryInterval },
        }),
      },
      AbortSignal.any([AbortSignal.timeout(PATIENCE), this.#life.signal]),
      prepare,
    )
  }

  /** Before MQTT 5 a session ends by beginning a clean one. Only for one that nobody else may take. */
  async #forget(clientId: string): Promise<void> {
    if (this.#plan.version === 5) return
    const options = { ...this.#unwilling(), clientId, clean: true }
    await dial(options, AbortSignal.timeout(PATIENCE)).then(
      ({ client }) => farewell(client),
      () => undefined,
    )
  }

  /** Ends a subscription's connection. A session without a name of the user's ends too: what it has goes to the others. */
  async #leave(leaving: Leaving, { session, group, filters, end }: Left): Promise<void> {
    const { client } = leaving
    const places = this.#places
    session.end()
    if (group === undefined || !places || this.#plan.clientId !== undefined) return farewell(client, { signal: end })
    let empty = false
    try {
      for (const filter of filters) await places.keep(group, filter, end)
      empty = await places.giveBack(leaving, group)
      for (const filter of filters) await places.tell(group, filter)
    } finally {
      await farewell(client, { forget: empty, signal: end })
      if (empty) await this.#forget(session.clientId)
    }
  }

  async #publishOver(
    client: MqttClient,
    { window, direct, signal }: { window: number; direct?: Direct; signal: AbortSignal },
  ): Promise<void> {
    const { rejoin, version, qos, publishing } = this.#plan
    const first = this.#opened === 'never'
    if (!first) await this.#places?.keepAgain()
    if (signal.aborted) throw aborted(signal, 'connect') // nobody would end it any more
    this.#opened = 'before'
    const again = first || version === 4 ? 0 : performance.now() + (rejoin ?? TOLD)
    const publisher = new Publisher(client, { window, again, direct, cut: error => this.#lost(error) })
    this.#publisher = publisher
    if (first) return
    // MQTT 3.1.1 does not tell whether anybody was there, and Mosquitto not at QoS 2: publishing waits for them to be.
    if (version === 4 || qos === 2 || publishing) publisher.hold(rejoin ?? UNTOLD)
    this.#places?.tellAgain().catch(() => undefined) // the connection is gone: the next one does it
  }

  async #giveBack(raw: MqttRaw, group: string): Promise<void> {
    const { message, attempt, time, expires, place } = raw
    if (!message || (expires !== undefined && expires <= Date.now())) return
    const topic = this.#plan.topics.back(place, group)
    // At QoS 1, which tells where nobody is there: then it stays where it is.
    const packet = this.#packet(topic, message, { time, expires, attempt }, { qos: 1, retain: false })
    await this.#send({ ...packet, heard: true })
  }

  #send(packet: Omit<Outgoing, 'done'>): Promise<void> {
    return new Promise((resolve, reject) => {
      const done = (error: Error | undefined): void => (error ? reject(error) : resolve())
      if (this.#publisher) this.#publisher.publish({ ...packet, once: true, done })
      else reject(new MillraceError('DISCONNECTED', 'mqtt: there is no connection'))
    })
  }

  #check(connack: IConnackPacket): void {
    const { maxBytes, qos } = this.#plan
    const { maximumPacketSize, maximumQoS } = connack.properties ?? {}
    if (maximumPacketSize !== undefined && maximumPacketSize < maxBytes + BESIDE)
      throw new MillraceError(
        'TOPOLOGY_MISMATCH',
        `mqtt: the server takes packets of ${maximumPacketSize} bytes at most: lower maxBytes, now ${maxBytes}`,
      )
    if (maximumQoS !== undefined && maximumQoS < qos)
      throw new MillraceError('UNSUPPORTED', `mqtt: the server takes QoS ${maximumQoS} at most`)
  }
}

/** A client of the user's connects by itself. */
function standing(client: MqttClient, signal: AbortSignal): Promise<void> {
  if (client.connected) return Promise.resolve()
  if (client.disconnecting || client.disconnected)
    return Promise.reject(new MillraceError('CLOSED', 'mqtt: the client that was passed in is closed'))
  return new Promise((resolve, reject) => {
    const over = (): void => {
      client.off('connect', onConnect)
      signal.removeEventListener('abort', onAbort)
    }
    const onConnect = (): void => (over(), resolve())
    const onAbort = (): void => (over(), reject(aborted(signal, 'connect')))
    client.on('connect', onConnect)
    signal.addEventListener('abort', onAbort, { once: true })
  })
}
