import type { IClientSubscribeOptions, IPublishPacket, MqttClient, Packet } from 'mqtt'
import { MillraceError, orAborted, Ring } from 'millrace/adapter'
import type { Raw, Settlement, Sink, Source } from 'millrace/adapter'
import { onEnd } from './connection.ts'
import { fromMqtt } from './encode.ts'
import { ours } from './errors.ts'
import { HeldAcks } from './held-acks.ts'
import type { Held } from './held-acks.ts'
import { PacketReader } from './packet-reader.ts'
import type { ReceivedPublish } from './packets.ts'
import type { Topics } from './topics.ts'

export interface MqttSourceOptions {
  readonly sink: Sink
  readonly topics: Topics
  readonly filters: Readonly<Record<string, IClientSubscribeOptions>>
  /** Topics that carry no message, and what each calls for. */
  readonly calls: ReadonlyMap<string, () => void>
  /** Whether a topic is one of those asked for. */
  readonly wanted: (topic: string) => boolean
  /** Retained messages that were there before are handed over as well. */
  readonly retained: boolean
  /** QoS 0 messages that wait here for room at most; beyond it the newest are dropped, and that is told as a gap. */
  readonly maxPending: number
  /** So many messages come before the first is acknowledged, at most. */
  readonly window: number
  /** Ends the connection, once everything is settled or given back; at the abort there is no time left for it. */
  readonly leave: (source: Leaving, signal: AbortSignal) => Promise<void>
}

/** What a source has left when it stops. */
export interface Leaving {
  readonly client: MqttClient
  readonly filters: readonly string[]
  /**
   * Calls back for each message in hand and each that comes from now on; what it resolves for is acknowledged. Resolves
   * when a packet under the topic `mark` has come, and all before it are done with.
   */
  readonly empty: (each: (raw: MqttRaw) => Promise<void>, mark: string) => Promise<void>
}

export interface MqttRaw extends Raw {
  /** Grows by nacks where the message is given back. */
  attempt: number
  readonly held: Held | undefined
  /** The MQTT topic that it was published to. */
  readonly place: string
}

/** What the MQTT topic that a message came under says of it. */
interface Way {
  /** Where it was published. */
  readonly place: string
  readonly topic: string
  /** It was given back there. */
  readonly given: boolean
  readonly foreign: boolean
  /** It carries no message, but calls for this. */
  readonly call: (() => void) | undefined
}

/** MQTT topics that are remembered, with a pattern there may be any number. */
const WAYS = 1000

/** Pushed by the server as its window allows; acknowledged when core says so. */
export class MqttSource implements Source {
  readonly #options: MqttSourceOptions
  readonly #pending = new Ring<MqttRaw>()
  /** Received and not settled, in the order of receipt; QoS 0 is not among them. */
  readonly #open = new Set<MqttRaw>()
  readonly #ways = new Map<string, Way>()
  #client: MqttClient | undefined
  #acks: HeldAcks | undefined
  #credit = 0
  #waiting = 0
  #dropped = 0
  #paused = false
  #back: ((raw: MqttRaw) => void) | undefined
  #mark: { readonly topic: string; readonly seen: () => void } | undefined
  #off: () => void = () => undefined

  constructor(options: MqttSourceOptions) {
    this.#options = options
  }

  /** Listens. Nothing of the client's may have been received before. */
  prepare(client: MqttClient): void {
    this.#client = client
    this.#acks = new HeldAcks(client, this.#options.window)
    client.on('packetreceive', (packet: Packet) => {
      if (packet.cmd === 'publish') this.#arrive(packet)
    })
    void new PacketReader(client, { publish: packet => this.#arrive(packet) })
  }

  async subscribe(): Promise<void> {
    const client = this.#need()
    const { sink, filters } = this.#options
    this.#off = onEnd(client, error => sink.down(error))
    await new Promise<void>((resolve, reject) =>
      client.subscribe({ ...filters } as Record<string, IClientSubscribeOptions & { qos: 0 | 1 | 2 }>, error =>
        error ? reject(ours(error, 'subscribe')) : resolve(),
      ),
    )
    if (!client.connected) throw new MillraceError('DISCONNECTED', 'mqtt: the connection is closed')
  }

  request(credit: number): void {
    this.#credit += credit
    this.#pump()
  }

  settle(batch: readonly Settlement[]): void | Promise<void> {
    if (!this.#client?.connected)
      return Promise.reject(new MillraceError('DISCONNECTED', 'mqtt: there is no connection'))
    for (const { raw, outcome, attempt } of batch) {
      const own = raw as MqttRaw
      if (outcome === 'ack') this.#acknowledge(own)
      else if (outcome !== 'hold') {
        own.attempt = outcome === 'nack' ? attempt + 1 : attempt
        if (!this.#paused) this.#wait(own)
      }
    }
    return this.#acks?.written()
  }

  pause(): void {
    this.#paused = true
    this.#pending.clear() // they are among the open ones
  }

  async stop(signal: AbortSignal): Promise<void> {
    this.#paused = true
    this.#off()
    const client = this.#client
    if (!client) return
    const { filters, leave } = this.#options
    const leaving = { client, filters: Object.keys(filters), empty: this.#empty.bind(this) }
    // What is not given back in time stays in the session.
    try {
      await orAborted(leave(leaving, signal), signal, 'close')
    } catch (error) {
      if (!signal.aborted) throw error
      client.end(true)
    }
    this.#open.clear()
  }

  #arrive(packet: IPublishPacket | ReceivedPublish): void {
    const held = packet.qos > 0 ? this.#acks?.hold(packet) : undefined
    const { place, topic, given, foreign, call } = this.#ways.get(packet.topic) ?? this.#wayOf(packet.topic)
    if (call || packet.topic === this.#mark?.topic) {
      if (held) this.#acks?.settle(held)
      if (call) call()
      else this.#mark?.seen()
      return
    }
    if (foreign || (packet.retain && !this.#options.retained)) {
      if (held) this.#acks?.settle(held)
      return
    }
    const { message, stamp } = fromMqtt(packet, place)
    const expiry = packet.properties?.messageExpiryInterval
    const raw: MqttRaw = {
      topic,
      message,
      attempt: given ? Math.max(1, stamp.attempt ?? 1) : 1,
      redelivered: packet.dup,
      time: stamp.time,
      expires: stamp.expires ?? (expiry === undefined ? undefined : Date.now() + expiry * 1000),
      origin:
        packet.messageId === undefined
          ? { topic: place, qos: packet.qos }
          : { topic: place, qos: packet.qos, messageId: packet.messageId },
      held,
      place,
    }
    if (held) this.#open.add(raw)
    if (this.#back) this.#back(raw)
    else if (!this.#paused) this.#wait(raw)
  }

  #wayOf(from: string): Way {
    const { topics, wanted, calls } = this.#options
    const given = topics.given(from)
    const place = given ?? from
    const topic = topics.topicOf(place)
    // A mark of somebody who was interrupted is nobody's message.
    const foreign = topics.isControl(place) || !wanted(topic)
    const way = { place, topic, given: given !== undefined, foreign, call: calls.get(from) }
    if (this.#ways.size >= WAYS) this.#ways.clear()
    this.#ways.set(from, way)
    return way
  }

  /** Hands it over now or when there is room. */
  #wait(raw: MqttRaw): void {
    if (this.#credit === 0 && raw.held === undefined && this.#waiting >= this.#options.maxPending) {
      if (this.#dropped++ % 1000 === 0)
        this.#options.sink.gap(
          `${this.#dropped} messages were dropped: the consumer is slower than its ${this.#options.maxPending} pending ones`,
        )
      return
    }
    if (raw.held === undefined) this.#waiting++
    this.#pending.push(raw)
    this.#pump()
  }

  #pump(): void {
    while (this.#credit > 0) {
      const raw = this.#pending.shift()
      if (!raw) return
      if (raw.held === undefined) this.#waiting--
      this.#credit--
      this.#options.sink.deliver([raw])
    }
  }

  #acknowledge(raw: MqttRaw): void {
    if (!this.#open.delete(raw) || !raw.held) return
    this.#acks?.settle(raw.held)
  }

  async #empty(each: (raw: MqttRaw) => Promise<void>, mark: string): Promise<void> {
    const all = new Set<Promise<void>>()
    const give = (raw: MqttRaw): void => {
      const giving = each(raw).then(() => this.#acknowledge(raw))
      all.add(giving)
      giving.then(
        () => all.delete(giving),
        () => undefined, // it stays in the session
      )
    }
    for (const raw of this.#open) give(raw)
    this.#back = give
    await new Promise<void>(resolve => (this.#mark = { topic: mark, seen: resolve }))
    await Promise.all(all)
  }

  #need(): MqttClient {
    if (!this.#client) throw new MillraceError('DISCONNECTED', 'mqtt: there is no connection')
    return this.#client
  }
}
