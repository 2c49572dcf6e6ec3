import { FairQueue } from './fair-queue.ts'
import type { Host, Incoming, Packing, Pattern, Peer, Sent, Topics, Verdict } from './pattern.ts'
import { OwnTopics } from './own-topics.ts'

/**
 * SUB (RFC 29): every subscription goes to all publishers, a cancellation when the last of equal ones goes, and all of
 * them to each new connection. What no subscription matches is dropped here too: a publisher may be late or unable.
 */
export class SubPattern implements Pattern {
  readonly type = 'SUB'
  readonly commands = false
  readonly canSend = false
  readonly topics: Topics
  readonly #host: Host
  readonly #in = new FairQueue()
  readonly #own = new OwnTopics()

  constructor(host: Host) {
    this.#host = host
    this.topics = this.#subscribing()
  }

  get canReceive(): boolean {
    return this.#next() !== undefined
  }

  send(): Sent {
    return 'ENOTSUP'
  }

  receive(): Incoming | undefined {
    return this.#in.takeWanted(this)
  }

  receiveMany(into: Incoming[], max: number): void {
    this.#in.takeMany(into, max, this)
  }

  receivePacked(into: Packing, max: number): void {
    this.#in.takePacked(into, max, this)
  }

  /** Whether a subscription matches a message with this first frame, or none where INVERT_MATCHING says so. */
  wants(bytes: Uint8Array, from: number, to: number): boolean {
    return this.#own.matches(bytes, from, to) !== this.#host.options.invertMatching
  }

  get last(): Peer | undefined {
    return this.#in.last
  }

  attach(peer: Peer): Verdict {
    this.#own.attach(peer)
    this.#in.attach(peer)
    return 'accept'
  }

  linked(peer: Peer): Verdict {
    this.#own.linked(peer)
    return 'accept'
  }

  unlinked(peer: Peer): void {
    this.#own.unlinked(peer)
  }

  detach(peer: Peer): void {
    this.#own.detach(peer)
    this.#in.detach(peer)
  }

  writable(): void {}

  readable(peer: Peer): void {
    this.#in.readable(peer)
  }

  /** Whose turn it is, with a message that is wanted at the head of its queue. */
  #next(): Peer | undefined {
    for (let peer = this.#in.next(); peer !== undefined; peer = this.#in.next()) {
      if (peer.next() === 'message') {
        const { bytes, from, to } = peer.head
        if (this.wants(bytes, from, to)) return peer
      }
      peer.skip()
    }
    return undefined
  }

  #subscribing(): Topics {
    const own = this.#own
    return {
      get count() {
        return own.count
      },
      has: topic => own.has(topic),
      add: topic => {
        own.subscribe(topic)
        return true
      },
      remove: topic => {
        own.cancel(topic)
        return true
      },
    }
  }
}
