import type { MqttClient, Packet } from 'mqtt'
import { MillraceError, Ring } from 'millrace/adapter'
import { onEnd } from './connection.ts'
import { ours, refused } from './errors.ts'
import type { PacketIds } from './packet-ids.ts'
import type { Taking } from './packet-reader.ts'
import type { PacketWriter } from './packet-writer.ts'
import type { PublishFields } from './packets.ts'

/** One packet that is to be published, and who wants to know what became of it. */
export interface Outgoing extends PublishFields {
  /** What is not heard by anybody is refused with NO_ROUTE, instead of gone. Only MQTT 5 tells. */
  readonly heard?: boolean
  /** Where the publisher has it while it may be withdrawn; the publisher's own note. */
  place?: 'waiting' | 'later' | undefined
  /** It is not sent again where nobody hears it. */
  readonly once?: boolean
  /** Called once. 'sent' tells whether the server may have it. */
  done(error: MillraceError | undefined, sent: boolean): void
  /** Called when it has to wait for its turn, maybe more than once: only then it may be withdrawn. */
  waits?(): void
}

/** What is written without the client's help, over a connection that nobody else writes to. */
export interface Direct {
  readonly ids: PacketIds
  readonly writer: PacketWriter
  /** What takes the acknowledgements, before the client reads them. */
  readonly taking: Taking
}

export interface PublisherOptions {
  /** The server's Receive Maximum; packet identifiers end at 65,535 (MQTT 5 §3.2.2.3.3). */
  readonly window: number
  /** Until then, on performance.now(), what found no subscriber is sent again. */
  readonly again: number
  /** For QoS 1; without it, and for the others, the client publishes. */
  readonly direct?: Direct | undefined
  /** The connection has ended, and not by `end`. */
  readonly cut?: (error: Error) => void
}

/** PUBACK and PUBREC's reason code of MQTT 5 §3.4.2.1: no matching subscribers. */
const UNHEARD = 16
/** ms until what found no subscriber is sent again, twice as long each time. */
const PAUSE = 100
const LONGEST_PAUSE = 1000
/** So many that were withdrawn may stay among those that wait in any case. */
const FEW = 64

/**
 * Publishes over one connection, never more un-acknowledged than the server takes: the client itself does not count.
 * While the connection does not keep up what is to be published waits here.
 *
 * Mosquitto forgets shared subscriptions when it restarts, though not the sessions they belong to: until a group's first
 * member is back, what is published is accepted and gone. MQTT 5 tells that nobody was there, so for a while after the
 * connection came back such a message is sent again. Before MQTT 5 nothing tells, and it is `hold` that gives them time.
 */
export class Publisher {
  readonly #client: MqttClient
  readonly #options: PublisherOptions
  /** In their order, and among them those that were withdrawn meanwhile. */
  readonly #waiting = new Ring<Outgoing>()
  /** So many of them still wait. */
  #due = 0
  /** On their way through the client, and those beside it by their packet identifiers. */
  readonly #sent = new Set<Outgoing>()
  readonly #written = new Map<number, Outgoing>()
  /** Packet identifiers whose last acknowledgement told that nobody subscribes. */
  readonly #unheard = new Set<number>()
  #later: Outgoing[] = []
  #timer: NodeJS.Timeout | undefined
  #pause = PAUSE
  #held = false
  readonly #off: () => void
  #error: MillraceError | undefined

  constructor(client: MqttClient, options: PublisherOptions) {
    this.#client = client
    this.#options = options
    const onPacket = (packet: Packet): void => {
      if (packet.cmd !== 'puback' && packet.cmd !== 'pubrec') return
      // The client knows nothing of what was written past it, and ignores its acknowledgement.
      if (packet.cmd === 'puback' && this.#acknowledged(packet.messageId ?? 0, packet.reasonCode ?? 0)) return
      if (packet.reasonCode === UNHEARD) this.#unheard.add(packet.messageId ?? 0)
      else if (this.#unheard.size > 0) this.#unheard.delete(packet.messageId ?? 0)
    }
    client.on('packetreceive', onPacket)
    const { direct } = options
    direct?.writer.onDrain(() => this.#next())
    if (direct) direct.taking.puback = (id, reason) => this.#acknowledged(id, reason)
    const off = onEnd(client, error => {
      this.#fail(closed())
      options.cut?.(error)
    })
    this.#off = () => {
      off()
      client.off('packetreceive', onPacket)
    }
  }

  get open(): boolean {
    return this.#error === undefined && this.#client.connected
  }

  publish(outgoing: Outgoing): void {
    if (this.#error) outgoing.done(this.#error, false)
    else if (this.#free && this.#due === 0) this.#send(outgoing)
    else {
      this.#wait(outgoing)
      outgoing.waits?.()
    }
  }

  /** Sends nothing for so many ms. */
  hold(time: number): void {
    this.#held = true
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#held = false
      this.#next()
    }, time)
  }

  /** Waits no longer for those that were not sent yet, or that nobody heard. */
  withdraw(which: ReadonlySet<Outgoing>, error: MillraceError): void {
    for (const place of ['waiting', 'later'] as const)
      for (const one of which) {
        if (one.place !== place) continue
        if (place === 'waiting') this.#due--
        one.place = undefined
        one.done(error, false)
      }
    // Not for each call: where thousands give up at once, that would take the square of them.
    if (this.#waiting.size <= FEW || this.#waiting.size < 2 * this.#due) return
    const all: Outgoing[] = []
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) all.push(next)
    for (const one of all) if (one.place === 'waiting') this.#waiting.push(one)
  }

  end(): void {
    this.#fail(closed())
  }

  get #free(): boolean {
    const { window, direct } = this.#options
    return !this.#held && this.#sent.size + this.#written.size < window && direct?.writer.full !== true
  }

  #send(outgoing: Outgoing): void {
    const { direct } = this.#options
    if (direct && outgoing.options.qos === 1) {
      this.#write(outgoing, direct)
      return
    }
    this.#sent.add(outgoing)
    this.#client.publish(outgoing.topic, outgoing.payload, outgoing.options, (error, packet) => {
      if (!this.#sent.delete(outgoing)) return
      if (error) outgoing.done(ours(error, 'publish'), true)
      else if (this.#unheard.size > 0 && this.#unheard.delete(packet?.messageId ?? -1)) this.#nobody(outgoing)
      else outgoing.done(undefined, true)
      this.#next()
    })
  }

  #write(outgoing: Outgoing, { ids, writer }: Direct): void {
    const id = ids.allocate()! // the window is no larger than there are identifiers
    if (!writer.publish(outgoing, id)) {
      ids.deallocate(id)
      const why = `mqtt: a message to '${outgoing.topic}' makes a larger packet than the server takes`
      outgoing.done(new MillraceError('TOO_LARGE', why), false)
      return
    }
    this.#written.set(id, outgoing)
    // One by one each is awaited; of many in flight those of one turn go together.
    writer.due(this.#written.size === 1 ? 'soon' : 'turn')
  }

  /** False where it is for the client's. */
  #acknowledged(id: number, reason: number): boolean {
    const outgoing = this.#written.get(id)
    if (!outgoing) return false
    this.#written.delete(id)
    this.#options.direct?.ids.deallocate(id)
    if (reason === UNHEARD) this.#nobody(outgoing)
    else outgoing.done(reason === 0 ? undefined : refused(reason), true)
    this.#next()
    return true
  }

  #wait(outgoing: Outgoing): void {
    outgoing.place = 'waiting'
    this.#waiting.push(outgoing)
    this.#due++
  }

  #next(): void {
    while (this.#due > 0 && this.#free) {
      const next = this.#waiting.shift()
      if (!next) return
      if (next.place !== 'waiting') continue
      next.place = undefined
      this.#due--
      this.#send(next)
    }
  }

  #nobody(outgoing: Outgoing): void {
    if (!outgoing.once && performance.now() < this.#options.again) {
      outgoing.place = 'later'
      this.#later.push(outgoing)
      this.#timer ??= setTimeout(() => this.#sendAgain(), this.#pause)
      outgoing.waits?.()
    } else if (outgoing.heard)
      outgoing.done(new MillraceError('NO_ROUTE', `mqtt: nobody subscribes to '${outgoing.topic}'`), true)
    else outgoing.done(undefined, true)
  }

  #sendAgain(): void {
    this.#timer = undefined
    this.#pause = Math.min(2 * this.#pause, LONGEST_PAUSE)
    const later = this.#later
    this.#later = []
    // Before what came after them.
    for (const one of later.reverse()) {
      if (one.place !== 'later') continue
      one.place = 'waiting'
      this.#waiting.unshift(one)
      this.#due++
    }
    this.#next()
  }

  #fail(error: MillraceError): void {
    if (this.#error) return
    this.#error = error
    this.#off()
    clearTimeout(this.#timer)
    for (const one of this.#written.values()) one.done(error, true)
    this.#written.clear()
    for (const one of this.#sent) one.done(error, true)
    this.#sent.clear()
    // Nobody has these: they may be sent again over the next connection.
    for (const one of this.#later) if (one.place === 'later') one.done(error, false)
    this.#later = []
    this.#due = 0
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift())
      if (next.place === 'waiting') next.done(error, false)
  }
}

function closed(): MillraceError {
  return new MillraceError('DISCONNECTED', 'mqtt: the connection is closed')
}
