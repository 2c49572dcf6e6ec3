import { TopicReader } from './first-frame.ts'
import type { Host, Outgoing, Pattern, Peer, Sent, Topics, Verdict } from './pattern.ts'
import { Subscriptions } from './subscriptions.ts'

/** PUB (RFC 29): each message to those who subscribed to a prefix of its first frame; whoever is full misses it. */
export class PubPattern implements Pattern {
  readonly type = 'PUB'
  readonly commands = true
  readonly canSend = true
  readonly canReceive = false
  readonly barred = 'ENOTSUP'
  readonly topics: Topics
  readonly #host: Host
  readonly #subscriptions = new Subscriptions()
  readonly #topic = new TopicReader()
  readonly #matching: Peer[] = []

  constructor(host: Host) {
    this.#host = host
    this.topics = countOnly(this.#subscriptions)
  }

  send(message: Outgoing): Sent {
    return publish(message, this.#subscriptions, this.#topic, this.#matching, this.#host)
  }

  receive(): undefined {
    return undefined
  }

  attach(peer: Peer): Verdict {
    this.#subscriptions.attach(peer)
    this.readable(peer)
    return 'accept'
  }

  linked(): Verdict {
    return 'accept'
  }

  /** Whoever comes next over this pipe tells what it wants. */
  unlinked(peer: Peer): void {
    this.#subscriptions.detach(peer)
    this.#subscriptions.attach(peer)
  }

  detach(peer: Peer): void {
    this.#subscriptions.detach(peer)
    this.#matching.length = 0
  }

  writable(): void {}

  readable(peer: Peer): void {
    for (let next = peer.next(); next !== undefined; next = peer.next()) {
      const frames = peer.read()
      if (frames === undefined) return
      if (next === 'subscribe' || next === 'cancel') {
        if (!this.#apply(peer, next, frames[0]!)) return // a request is one frame
        continue
      }
      if (next !== 'message') continue
      // Other messages are no business of a PUB.
      for (let i = 0; i < frames.length; i++) {
        const frame = frames[i]!
        const request = requestOf(frame)
        if (request !== undefined) {
          if (!this.#apply(peer, request, frame.subarray(1))) return
        } else if (i === 0 && this.#host.options.onlyFirstSubscribe) {
          break
        }
      }
    }
  }

  #apply(peer: Peer, request: 'subscribe' | 'cancel', topic: Uint8Array): boolean {
    if (request === 'cancel') {
      this.#subscriptions.remove(peer, topic)
    } else if (this.#subscriptions.add(peer, topic, this.#host.options) === 'refused') {
      this.#host.closePeer(peer, 'too many subscriptions')
      return false
    }
    return true
  }
}

/** What a message from a subscriber asks for: `01` or `00` and a topic (RFC 29, ZMTP before 3.1). */
export function requestOf(frame: Uint8Array): 'subscribe' | 'cancel' | undefined {
  if (frame.length === 0) return undefined
  return frame[0] === 1 ? 'subscribe' : frame[0] === 0 ? 'cancel' : undefined
}

/** Sends to all that want it: libzmq's `dist`. `matching` is scratch space. */
export function publish(
  message: Outgoing,
  subscriptions: Subscriptions,
  topic: TopicReader,
  matching: Peer[],
  host: Host,
): Sent {
  const { invertMatching, noDrop } = host.options
  topic.read(message, subscriptions.longest)
  const count = invertMatching
    ? subscriptions.matchNot(topic.octets, topic.length, matching)
    : subscriptions.match(topic.octets, topic.length, matching)
  if (count === 0) return 'drop'
  if (noDrop) for (let i = 0; i < count; i++) if (!matching[i]!.writable) return 'full'
  host.spread(message, matching, count)
  return 'accept'
}

/** TOPICS_COUNT, on a type whose application has no option to subscribe. */
export function countOnly(topics: Pick<Topics, 'count' | 'has'>): Topics {
  return {
    has: topic => topics.has(topic),
    get count() {
      return topics.count
    },
    add: () => false,
    remove: () => false,
  }
}
