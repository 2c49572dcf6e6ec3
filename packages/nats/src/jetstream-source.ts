import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node'
import { nanos } from '@nats-io/transport-node'
import { ContiguousTracker, MillraceError, orAborted } from 'millrace/adapter'
import type { Raw, Settlement, Sink, Source } from 'millrace/adapter'
import { ACK, Confirmations } from './confirmations.ts'
import type { Unsure, Word } from './confirmations.ts'
import { LAST_WORDS } from './connection.ts'
import type { Connection } from './connection.ts'
import { fromNats } from './encode.ts'
import { ours } from './errors.ts'
import type { Releases } from './releases.ts'
import type { Replies } from './replies.ts'

export interface JetStreamSourceOptions {
  readonly connection: Connection
  readonly replies: Replies
  readonly stream: string
  /** The consumers' names; their messages come mixed. */
  readonly consumers: readonly string[]
  readonly ephemeral: boolean
  readonly topicOf: (subject: string) => string
  /** ms: the consumers' AckWait. */
  readonly lease: number
  /** Where a consumer's messages are to be sent. */
  readonly inbox: (consumer: string) => string
  /** Waits for the server's word that an ack is stored. */
  readonly confirmed: boolean
  /** The position that it began after. */
  readonly start: string | undefined
  readonly sink: Sink
  readonly remove: (consumer: string) => Promise<void>
  readonly releases: Releases
  /** The link broke: what is to be said of what was in hand, and what may not have been heard. */
  readonly orphaned: (words: readonly Word[]) => void
}

interface JetStreamRaw extends Raw {
  readonly reply: string
  readonly sequence: number
  /** The consumer and the sequence: what the server counts hand-outs of. */
  readonly counted: string
  /** When the server gives it to another, unless told otherwise; by our clock. */
  deadline: number
}

/** A pull is answered within this, empty-handed if need be; heartbeats come twice as often. */
const EXPIRES = 30_000
const encoder = new TextEncoder()
const NAK = encoder.encode('-NAK')
const WORKING = encoder.encode('+WPI')

/** ms until a consumer is asked again that would not answer. */
const PAUSE = 1_000

/** Pulls from JetStream consumers exactly as many messages as core has room for. */
export class JetStreamSource implements Source {
  readonly #options: JetStreamSourceOptions
  readonly #tracker = new ContiguousTracker()
  readonly #held = new Set<JetStreamRaw>()
  readonly #pulls: Pull[] = []
  readonly #inboxes: Subscription[] = []
  #nc: NatsConnection | undefined
  /** Here, and not handed over for lack of credit: what was asked for over the link before comes as well. */
  readonly #waiting: JetStreamRaw[] = []
  readonly #unsure = new Set<Unsure>()
  #credit = 0
  #timer: NodeJS.Timeout | undefined
  /** 'down': core was told, and asks another source. */
  #state: 'open' | 'paused' | 'down' = 'open'
  #drained: Promise<unknown> | undefined
  #off: () => void = () => undefined

  constructor(options: JetStreamSourceOptions) {
    this.#options = options
  }

  async open(signal: AbortSignal): Promise<void> {
    const { connection, consumers, inbox, stream } = this.#options
    const nc = (this.#nc = connection.client)
    for (const consumer of consumers) {
      const reply = inbox(consumer)
      const pull: Pull = {
        subject: `$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`,
        reply,
        asked: 0,
        heard: Date.now(),
        rests: 0,
      }
      // A message comes under the subject that it was published to: only the subscription tells whose answer it is.
      const callback = (error: Error | null, msg: Msg): void => (error ? this.#down(error) : this.#arrive(msg, pull))
      this.#inboxes.push(nc.subscribe(reply, { callback }))
      this.#pulls.push(pull)
    }
    this.#off = connection.onClosed(error => this.#lost(error))
    // Both for pulls that the server forgot and for leases that ran out.
    this.#timer = setInterval(() => this.#watch(), Math.max(50, Math.min(this.#options.lease / 4, EXPIRES / 4)))
    this.#timer.unref()
    await orAborted(connection.flush(nc), signal, 'subscribe')
  }

  request(credit: number): void {
    this.#credit += credit
    while (this.#credit > 0 && this.#waiting.length > 0) {
      this.#credit--
      this.#options.sink.deliver([this.#waiting.shift()!]) // length > 0
    }
    this.#pull()
  }

  settle(batch: readonly Settlement[]): void | Promise<void> {
    const nc = this.#nc
    if (!nc || nc.isClosed()) return Promise.reject(new MillraceError('DISCONNECTED', 'nats: there is no connection'))
    const { confirmed, releases, replies } = this.#options
    let confirming: Confirmations | undefined
    let words: Word[] | undefined
    const say = (reply: string, word: Uint8Array, until: number): void => {
      nc.publish(reply, word)
      ;(words ??= []).push({ reply, word, until })
    }
    for (const { raw, outcome, delay } of batch) {
      const { reply, sequence, counted, deadline } = raw as JetStreamRaw
      if (outcome === 'hold') continue
      this.#held.delete(raw as JetStreamRaw)
      if (outcome === 'ack') {
        this.#tracker.settled(sequence)
        releases.forget(counted)
        if (confirmed) (confirming ??= new Confirmations()).ask(replies, reply)
        else say(reply, ACK, Infinity)
      } else {
        if (outcome === 'release') releases.add(counted)
        const wait = nanos(outcome === 'nack' ? delay : 0)
        say(reply, encoder.encode(`-NAK ${JSON.stringify({ delay: wait })}`), deadline)
      }
    }
    const stored = confirming?.done
    if (confirming) this.#until(confirming.done, confirming)
    if (!words) return stored
    const heard = this.#options.connection.flush(nc).catch((error: unknown) => {
      throw ours(error, 'ack')
    })
    this.#until(heard, { words })
    return stored ? Promise.all([stored, heard]).then(() => undefined) : heard
  }

  /** Of these words nobody is sure until then. */
  #until(heard: Promise<void>, unsure: Unsure): void {
    this.#unsure.add(unsure)
    const forget = (): void => void this.#unsure.delete(unsure)
    heard.then(forget, forget)
  }

  async extend(batch: readonly Raw[]): Promise<readonly Raw[]> {
    const lost: Raw[] = []
    for (const raw of batch) {
      const own = raw as JetStreamRaw
      if (!this.#held.has(own)) lost.push(raw)
      else {
        this.#nc?.publish(own.reply, WORKING)
        own.deadline = Date.now() + this.#options.lease
      }
    }
    return lost
  }

  position(): string | undefined {
    return this.#tracker.done === undefined ? this.#options.start : String(this.#tracker.done)
  }

  pause(): void {
    if (this.#state !== 'open') return
    this.#state = 'paused'
    for (const raw of this.#waiting.splice(0)) {
      this.#held.delete(raw)
      this.#giveBack(raw)
    }
    // What is on its way here already still arrives, and is given back at once: see #arrive.
    for (const inbox of this.#inboxes) void inbox.drain().catch(() => undefined)
    const { connection } = this.#options
    this.#drained = this.#nc && connection.flush(this.#nc, LAST_WORDS).catch(() => undefined) // the link is gone
  }

  async stop(signal: AbortSignal): Promise<void> {
    await orAborted(this.#drained ?? Promise.resolve(), signal, 'close').catch(() => undefined) // the link is silent
    this.#state = 'down'
    this.#end()
    if (!this.#options.ephemeral || signal.aborted) return // it goes by itself
    const removed = Promise.all(this.#options.consumers.map(consumer => this.#options.remove(consumer)))
    await orAborted(removed, signal, 'close').catch(() => undefined)
  }

  /** Asks for what there is room for: of several consumers each may be the one that has something. */
  #pull(): void {
    const nc = this.#nc
    if (this.#state !== 'open' || !nc || nc.isClosed()) return
    const share = Math.ceil(this.#credit / this.#pulls.length)
    for (const pull of this.#pulls) {
      if (pull.rests > 0 && pull.rests > Date.now()) continue
      const lacking = share - pull.asked
      // Topping up in halves keeps requests few and the pipe full.
      if (lacking <= 0 || pull.asked > share / 2) continue
      pull.asked += lacking
      pull.heard = Date.now()
      const request = { batch: lacking, expires: nanos(EXPIRES), idle_heartbeat: nanos(EXPIRES / 2 - 1000) }
      nc.publish(pull.subject, JSON.stringify(request), { reply: pull.reply })
    }
  }

  #arrive(msg: Msg, pull: Pull): void {
    pull.heard = Date.now()
    if (!msg.reply?.startsWith('$JS.ACK.')) return this.#status(msg, pull)
    pull.asked = Math.max(0, pull.asked - 1)
    const place = placeOf(msg.reply)
    const counted = `${pull.subject} ${place.sequence}`
    if (this.#state !== 'open') {
      this.#giveBack({ reply: msg.reply, counted })
      return
    }
    const { message, stamp } = fromNats(msg, [this.#options.stream, place.sequence])
    const raw: JetStreamRaw = {
      topic: this.#options.topicOf(msg.subject),
      message,
      attempt: Math.max(1, place.delivered - this.#options.releases.of(counted)),
      time: stamp.time ?? place.time,
      expires: stamp.expires,
      position: String(place.sequence),
      origin: { stream: this.#options.stream, sequence: place.sequence, subject: msg.subject },
      reply: msg.reply,
      sequence: place.sequence,
      counted,
      deadline: Date.now() + this.#options.lease,
    }
    if (place.delivered === 1) this.#tracker.handed(place.sequence)
    this.#held.add(raw)
    if (this.#credit <= 0) {
      this.#waiting.push(raw)
      return
    }
    this.#credit--
    this.#options.sink.deliver([raw])
    if (this.#credit > 0) this.#pull()
  }

  /** A word about a pull: it ended, or the server is still there. */
  #status(msg: Msg, pull: Pull): void {
    const code = msg.headers?.code ?? 0
    if (code === 100) return // a heartbeat
    const said = msg.headers?.description ?? ''
    if (code === 409 && /consumer deleted|consumer is push/i.test(said))
      return this.#down(new MillraceError('DISCONNECTED', `nats: ${said}`))
    if (code === 409 && /^exceeded maxrequest/i.test(said))
      return this.#down(new MillraceError('TOPOLOGY_MISMATCH', `nats: the consumer takes no pull of this size: ${said}`)) // prettier-ignore
    if (code === 503) return this.#down(new MillraceError('DISCONNECTED', 'nats: the consumer does not answer'))
    // Asked again at once it would refuse at once.
    if (code === 409 && /^exceeded/i.test(said)) pull.rests = Date.now() + PAUSE
    const left = Number(msg.headers?.get('Nats-Pending-Messages'))
    pull.asked = Math.max(0, pull.asked - (left > 0 ? left : pull.asked))
    this.#pull()
  }

  #watch(): void {
    const now = Date.now()
    for (const pull of this.#pulls) if (pull.asked > 0 && now - pull.heard > EXPIRES) pull.asked = 0 // no heartbeat: the server forgot it
    this.#pull()
    void this.extend(this.#waiting) // whose lease nobody else extends
    const lost = [...this.#held].filter(raw => raw.deadline <= now)
    for (const raw of lost) this.#held.delete(raw)
    if (lost.length > 0) this.#options.sink.lost(lost)
  }

  /** To the consumer, as if it had not been handed out. */
  #giveBack({ reply, counted }: Pick<JetStreamRaw, 'reply' | 'counted'>): void {
    this.#options.releases.add(counted)
    this.#nc?.publish(reply, NAK)
  }

  /** The link broke: what is in hand is given back over the next, and what may not have been heard is said again. */
  #lost(error: Error): void {
    if (!this.#options.ephemeral) {
      this.#options.orphaned(Array.from(this.#held, ({ reply, deadline }) => ({ reply, word: NAK, until: deadline })))
      for (const { words } of this.#unsure) this.#options.orphaned(words)
    }
    this.#down(error)
  }

  #down(error: Error): void {
    if (this.#state === 'down') return
    this.#state = 'down'
    if (this.#nc?.isClosed() === false) for (const raw of this.#held) this.#giveBack(raw)
    this.#end()
    this.#options.sink.down(ours(error, 'receive'))
  }

  /** Asks for nothing more, and listens to nothing. */
  #end(): void {
    this.#off()
    clearInterval(this.#timer)
    for (const inbox of this.#inboxes) inbox.unsubscribe()
    this.#waiting.length = 0
    this.#held.clear()
  }
}

/** What an acknowledgement's subject tells; the longer form begins with a domain and an account. */
function placeOf(reply: string): { delivered: number; sequence: number; time: number } {
  const parts = reply.split('.')
  const at = parts.length > 9 ? 6 : 4
  const [delivered, sequence, , time] = parts.slice(at)
  return { delivered: Number(delivered), sequence: Number(sequence), time: Math.floor(Number(time) / 1e6) }
}

interface Pull {
  readonly subject: string
  readonly reply: string
  asked: number
  heard: number
  /** It is not asked before that moment. */
  rests: number
}
