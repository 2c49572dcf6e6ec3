import type { Peer } from './pattern.ts'
import { Trie } from './trie.ts'

/** What adding did: nobody had the topic before, others had it, this peer had it, or the peer may have no more. */
export type Added = 'first' | 'another' | 'again' | 'refused'

/** What removing did: nobody has the topic any more, others do, or this peer never had it. */
export type Removed = 'last' | 'remain' | 'unknown'

/** Most that one peer may hold: topics, and their octets together. */
export interface Bounds {
  readonly maxSubscriptions: number
  readonly maxSubscriptionBytes: number
}

/** Who wants which topics (libzmq's `mtrie`): matching is by prefix, a peer that matches twice is found once. */
export class Subscriptions {
  readonly #topics = new Trie<Topic>()
  readonly #subscribers = new Map<Peer, Subscriber>()
  readonly #found: Topic[] = []
  /** Of the current match: a subscriber that carries it has been found. */
  #stamp = 0

  /** Distinct topics. */
  get count(): number {
    return this.#topics.size
  }

  has(topic: Uint8Array): boolean {
    return this.#topics.get(topic) !== undefined
  }

  /** Octets of the longest topic. */
  get longest(): number {
    return this.#topics.longest
  }

  attach(peer: Peer): void {
    this.#subscribers.set(peer, { peer, topics: new Set(), bytes: 0, stamp: 0 })
  }

  /** Takes a peer out; returns those of its topics that nobody else has. */
  detach(peer: Peer): Uint8Array[] {
    const subscriber = this.#subscribers.get(peer)
    if (subscriber === undefined) return []
    this.#subscribers.delete(peer)
    const orphans: Uint8Array[] = []
    for (const topic of subscriber.topics) {
      topic.subscribers.delete(subscriber)
      if (topic.subscribers.size > 0) continue
      this.#topics.delete(topic.octets)
      orphans.push(topic.octets)
    }
    return orphans
  }

  /** The topics of one peer. */
  of(peer: Peer): Uint8Array[] {
    return Array.from(this.#subscribers.get(peer)?.topics ?? [], topic => topic.octets)
  }

  /** The octets are copied when they are kept. */
  add(peer: Peer, octets: Uint8Array, bounds: Bounds): Added {
    const subscriber = this.#subscribers.get(peer)
    if (subscriber === undefined) return 'refused'
    let topic = this.#topics.get(octets)
    if (topic?.subscribers.has(subscriber) === true) return 'again'
    if (subscriber.topics.size >= bounds.maxSubscriptions) return 'refused'
    if (subscriber.bytes + octets.length > bounds.maxSubscriptionBytes) return 'refused'
    const first = topic === undefined
    if (topic === undefined) {
      topic = { octets: new Uint8Array(octets), subscribers: new Set() }
      this.#topics.set(topic.octets, topic)
    }
    topic.subscribers.add(subscriber)
    subscriber.topics.add(topic)
    subscriber.bytes += octets.length
    return first ? 'first' : 'another'
  }

  remove(peer: Peer, octets: Uint8Array): Removed {
    const subscriber = this.#subscribers.get(peer)
    const topic = this.#topics.get(octets)
    if (subscriber === undefined || topic === undefined || !topic.subscribers.delete(subscriber)) return 'unknown'
    subscriber.topics.delete(topic)
    subscriber.bytes -= topic.octets.length
    if (topic.subscribers.size > 0) return 'remain'
    this.#topics.delete(topic.octets)
    return 'last'
  }

  /** Puts those who want a message whose first frame begins with `text` into `peers`; returns how many. */
  match(text: Uint8Array, length: number, peers: Peer[]): number {
    const topics = this.#topics.match(text, length, this.#found)
    const stamp = ++this.#stamp
    let count = 0
    for (let i = 0; i < topics; i++) {
      for (const subscriber of this.#found[i]!.subscribers) {
        if (subscriber.stamp === stamp) continue
        subscriber.stamp = stamp
        peers[count++] = subscriber.peer
      }
    }
    return count
  }

  /** The reverse: those who do not want it. */
  matchNot(text: Uint8Array, length: number, peers: Peer[]): number {
    this.match(text, length, peers)
    let count = 0
    for (const subscriber of this.#subscribers.values()) {
      if (subscriber.stamp !== this.#stamp) peers[count++] = subscriber.peer
    }
    return count
  }

  /** Whether this peer wants it. */
  wants(peer: Peer, text: Uint8Array, length: number): boolean {
    const subscriber = this.#subscribers.get(peer)
    if (subscriber === undefined) return false
    const topics = this.#topics.match(text, length, this.#found)
    for (let i = 0; i < topics; i++) if (this.#found[i]!.subscribers.has(subscriber)) return true
    return false
  }
}

interface Topic {
  readonly octets: Uint8Array
  readonly subscribers: Set<Subscriber>
}

interface Subscriber {
  readonly peer: Peer
  readonly topics: Set<Topic>
  bytes: number
  stamp: number
}
