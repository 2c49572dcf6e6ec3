import { FairQueue } from './fair-queue.ts'
import { firstFrame, frameCount, octets } from './first-frame.ts'
import { OwnTopics } from './own-topics.ts'
import type { Host, Incoming, Outgoing, Part, Pattern, Peer, Sent, Topics, Verdict } from './pattern.ts'
import { countOnly, requestOf } from './pub.ts'

/**
 * XSUB (RFC 29): a SUB whose application sends its subscriptions as messages, `01` and the topic, `00` to cancel; any
 * other message goes to all publishers as it is. Nothing is filtered on arrival.
 */
export class XsubPattern implements Pattern {
  readonly type = 'XSUB'
  readonly commands = false
  readonly canSend = true
  readonly topics: Topics
  readonly #host: Host
  readonly #peers: Peer[] = []
  readonly #in = new FairQueue()
  readonly #own = new OwnTopics()

  constructor(host: Host) {
    this.#host = host
    this.topics = countOnly(this.#own)
  }

  get canReceive(): boolean {
    return this.#in.next() !== undefined
  }

  send(message: Outgoing): Sent {
    const frames = frameCount(message)
    if (frames === 1) {
      const frame = octets(firstFrame(message))
      return this.#request(frame) ? 'accept' : this.#spread(message)
    }
    return this.#sendParts(message as readonly Part[]) // more than one frame: a list
  }

  receive(): Incoming | undefined {
    return this.#in.take()
  }

  get last(): Peer | undefined {
    return this.#in.last
  }

  attach(peer: Peer): Verdict {
    this.#peers.push(peer)
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
    const at = this.#peers.indexOf(peer)
    if (at >= 0) this.#peers.splice(at, 1)
    this.#own.detach(peer)
    this.#in.detach(peer)
  }

  writable(): void {}

  readable(peer: Peer): void {
    this.#in.readable(peer)
  }

  /** Frames that ask for a topic are taken out; under ONLY_FIRST_SUBSCRIBE only before the user's first. */
  #sendParts(parts: readonly Part[]): Sent {
    const rest: Part[] = []
    for (const part of parts) {
      const mayAsk = rest.length === 0 || !this.#host.options.onlyFirstSubscribe
      if (!mayAsk || !this.#request(octets(part))) rest.push(part)
    }
    return rest.length === 0 ? 'accept' : this.#spread(rest)
  }

  /** False: it asks for nothing. */
  #request(frame: Uint8Array): boolean {
    const request = requestOf(frame)
    if (request === undefined) return false
    const topic = frame.subarray(1)
    if (request === 'subscribe') this.#own.subscribe(topic)
    else this.#own.cancel(topic, this.#host.options.verboseUnsubscribe)
    return true
  }

  #spread(message: Outgoing): Sent {
    if (this.#peers.length === 0) return 'drop'
    this.#own.precede()
    this.#host.spread(message, this.#peers, this.#peers.length)
    return 'accept'
  }
}
