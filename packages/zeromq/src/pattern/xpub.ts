import { TopicReader } from './first-frame.ts'
import type { Host, Incoming, Outgoing, Pattern, PatternOptions, Peer, Sent, Topics, Verdict } from './pattern.ts'
import { publish, requestOf } from './pub.ts'
import { Subscriptions } from './subscriptions.ts'

/**
 * XPUB (RFC 29): a PUB whose application reads what peers subscribe to (`01` and the topic, `00` when they cancel), and
 * their own messages; under XPUB_MANUAL it decides what they get.
 */
export class XpubPattern implements Pattern {
  readonly type = 'XPUB'
  readonly commands = true
  readonly canSend = true
  readonly topics: Topics
  readonly #host: Host
  /** In force. */
  readonly #subscriptions = new Subscriptions()
  /** Under XPUB_MANUAL: what peers asked for, whatever came of it. */
  readonly #asked = new Subscriptions()
  readonly #topic = new TopicReader()
  readonly #matching: Peer[] = []
  readonly #pending = new Pending()
  /** Peers that wait until the application has read what is pending. */
  readonly #stalled = new Set<Peer>()
  /** Whose message was read last: XPUB_MANUAL subscribes it. */
  #last: Peer | undefined

  constructor(host: Host) {
    this.#host = host
    this.topics = this.#manualTopics()
  }

  get canReceive(): boolean {
    return this.#pending.next !== undefined
  }

  send(message: Outgoing): Sent {
    // XPUB_MANUAL_LAST_VALUE: what is sent right after a message was read is for its sender alone.
    const alone = this.#host.options.manual === 'last-value' ? this.#last : undefined
    if (alone === undefined) {
      return publish(message, this.#subscriptions, this.#topic, this.#matching, this.#host)
    }
    this.#last = undefined
    this.#topic.read(message, this.#subscriptions.longest)
    if (!this.#subscriptions.wants(alone, this.#topic.octets, this.#topic.length)) return 'drop'
    if (alone.write(message)) return 'accept'
    return this.#host.options.noDrop ? 'full' : 'drop'
  }

  receive(): Incoming | undefined {
    const next = this.#pending.take()
    if (next === undefined) return undefined
    this.#last = next.from
    if (this.#stalled.size > 0 && this.#pending.room(this.#host.options)) this.#resume()
    return next.message
  }

  get last(): Peer | undefined {
    return this.#last
  }

  attach(peer: Peer): Verdict {
    this.#subscriptions.attach(peer)
    this.#asked.attach(peer)
    const { welcomeMessage } = this.#host.options
    if (welcomeMessage.length > 0) peer.write(welcomeMessage)
    this.readable(peer)
    return 'accept'
  }

  linked(): Verdict {
    return 'accept'
  }

  unlinked(peer: Peer): void {
    this.#leave(peer)
    this.#subscriptions.attach(peer)
    this.#asked.attach(peer)
  }

  detach(peer: Peer): void {
    // What it still had to say comes before its leaving.
    this.#drain(peer, true)
    this.#stalled.delete(peer)
    this.#leave(peer)
    this.#matching.length = 0
    if (this.#last === peer) this.#last = undefined
    this.#pending.forget(peer)
  }

  writable(): void {}

  readable(peer: Peer): void {
    this.#drain(peer, false)
  }

  #drain(peer: Peer, all: boolean): void {
    for (let next = peer.next(); next !== undefined; next = peer.next()) {
      if (!all && !this.#pending.room(this.#host.options)) {
        this.#stalled.add(peer)
        return
      }
      const frames = peer.read()
      if (frames === undefined) return
      if (next === 'message') {
        if (!this.#message(peer, frames)) return
      } else if (next === 'subscribe' || next === 'cancel') {
        if (!this.#apply(peer, next, frames[0]!)) return // a request is one frame
      }
    }
  }

  /** Each frame of a message is looked at; under ONLY_FIRST_SUBSCRIBE those after a user's first frame are the user's. */
  #message(peer: Peer, frames: Incoming): boolean {
    let rest: Incoming | undefined
    for (let i = 0; i < frames.length; i++) {
      const frame = frames[i]!
      const request = rest !== undefined && this.#host.options.onlyFirstSubscribe ? undefined : requestOf(frame)
      if (request === undefined) (rest ??= []).push(frame)
      else if (!this.#apply(peer, request, frame.subarray(1))) return false
    }
    if (rest !== undefined) this.#pending.add(rest, peer)
    return true
  }

  #apply(peer: Peer, request: 'subscribe' | 'cancel', topic: Uint8Array): boolean {
    const { manual, verbose } = this.#host.options
    const held = manual === false ? this.#subscriptions : this.#asked
    let news: boolean
    if (request === 'subscribe') {
      const added = held.add(peer, topic, this.#host.options)
      if (added === 'refused') {
        this.#host.closePeer(peer, 'too many subscriptions')
        return false
      }
      news = added === 'first' || verbose !== null
    } else {
      // A topic that nobody had is reported too: a device behind may know it.
      news = held.remove(peer, topic) !== 'remain' || verbose === 'all'
    }
    if (manual !== false || news) this.#pending.add([notice(request, topic)], peer)
    return true
  }

  /** Reports what nobody wants any more; under XPUB_VERBOSER and XPUB_MANUAL all that this peer wanted. */
  #leave(peer: Peer): void {
    const { manual, verbose } = this.#host.options
    const all = this.#subscriptions.of(peer)
    const orphans = this.#subscriptions.detach(peer)
    const asked = this.#asked.of(peer)
    this.#asked.detach(peer)
    const gone = manual !== false ? asked : verbose === 'all' ? all : orphans
    for (const topic of gone) this.#pending.add([notice('cancel', topic)], undefined)
    if (gone.length > 0) this.#host.changed()
  }

  #resume(): void {
    for (const peer of this.#stalled) {
      this.#stalled.delete(peer)
      this.#drain(peer, false)
      if (this.#stalled.has(peer)) return
    }
  }

  #manualTopics(): Topics {
    const subscriptions = this.#subscriptions
    return {
      get count() {
        return subscriptions.count
      },
      has: topic => subscriptions.has(topic),
      add: topic => {
        const peer = this.#last
        if (peer === undefined || this.#host.options.manual === false) return false
        return subscriptions.add(peer, topic, this.#host.options) !== 'refused'
      },
      remove: topic => {
        if (this.#last === undefined || this.#host.options.manual === false) return false
        return subscriptions.remove(this.#last, topic) !== 'unknown'
      },
    }
  }
}

interface PendingMessage {
  readonly message: Incoming
  /** Undefined: it is gone. */
  from: Peer | undefined
}

/** What the application has not read yet, in order of arrival, with a bound. */
class Pending {
  #messages: PendingMessage[] = []
  #head = 0
  #bytes = 0

  get next(): PendingMessage | undefined {
    return this.#messages[this.#head]
  }

  /** Twice what one peer may subscribe to may wait; then peers wait. */
  room(bounds: PatternOptions): boolean {
    return (
      this.#messages.length - this.#head < 2 * bounds.maxSubscriptions && this.#bytes < 2 * bounds.maxSubscriptionBytes
    )
  }

  add(message: Incoming, from: Peer | undefined): void {
    this.#messages.push({ message, from })
    for (const frame of message) this.#bytes += frame.length
  }

  take(): PendingMessage | undefined {
    const taken = this.#messages[this.#head]
    if (taken === undefined) return undefined
    for (const frame of taken.message) this.#bytes -= frame.length
    this.#head++
    if (this.#head === this.#messages.length) {
      this.#messages = []
      this.#head = 0
    } else if (this.#head >= 1024 && this.#head * 2 > this.#messages.length) {
      this.#messages = this.#messages.slice(this.#head)
      this.#head = 0
    }
    return taken
  }

  forget(peer: Peer): void {
    for (let i = this.#head; i < this.#messages.length; i++) {
      const pending = this.#messages[i]!
      if (pending.from === peer) pending.from = undefined
    }
  }
}

function notice(request: 'subscribe' | 'cancel', topic: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(topic.length + 1)
  frame[0] = request === 'subscribe' ? 1 : 0
  frame.set(topic, 1)
  return frame
}
