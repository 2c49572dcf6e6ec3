import type { Peer } from './pattern.ts'
import { Trie } from './trie.ts'

/** The topics that this socket wants, each counted: it takes as many cancellations as subscriptions to be rid of one. */
export class OwnTopics {
  readonly #counts = new Trie<number>()
  /** Repeated subscriptions since a peer was attached that has never been linked: it is to hear of each. */
  readonly #repeated = new Map<Peer, Uint8Array[]>()

  /** Distinct topics. */
  get count(): number {
    return this.#counts.size
  }

  has(topic: Uint8Array): boolean {
    return this.#counts.get(topic) !== undefined
  }

  /** A new peer, not linked yet. */
  attach(peer: Peer): void {
    this.#repeated.set(peer, [])
  }

  detach(peer: Peer): void {
    this.#repeated.delete(peer)
  }

  add(topic: Uint8Array): void {
    const count = this.#counts.get(topic) ?? 0
    this.#counts.set(topic, count + 1)
    if (count === 0) return
    for (const repeated of this.#repeated.values()) {
      if (repeated.length < MOST_REPEATED) repeated.push(new Uint8Array(topic))
    }
  }

  remove(topic: Uint8Array): 'last' | 'remain' | 'unknown' {
    const count = this.#counts.get(topic)
    if (count === undefined) return 'unknown'
    if (count === 1) {
      this.#counts.delete(topic)
      return 'last'
    }
    this.#counts.set(topic, count - 1)
    return 'remain'
  }

  /** Whether a message is wanted whose first frame is the octets `[from, to)` of `bytes`. */
  matches(bytes: Uint8Array, from: number, to: number): boolean {
    return this.#counts.matches(bytes, from, to)
  }

  /**
   * Tells a peer all of them, each once; the first time also what was subscribed again after it was attached, as libzmq,
   * which has queued every request since then, does. A publisher under XPUB_VERBOSE reports each.
   */
  tell(peer: Peer): void {
    for (const [topic] of this.#counts.entries()) peer.request('subscribe', topic)
    for (const topic of this.#repeated.get(peer) ?? []) {
      if (this.#counts.get(topic) !== undefined) peer.request('subscribe', topic)
    }
    this.#repeated.delete(peer)
  }
}

/** Nobody needs more; without a bound they would pile up while a peer cannot be reached. */
const MOST_REPEATED = 10_000
