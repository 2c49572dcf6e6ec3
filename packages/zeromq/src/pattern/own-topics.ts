import type { FrameView, Peer } from './pattern.ts'
import { Trie } from './trie.ts'

/** The topics that this socket wants, each counted: it takes as many cancellations as subscriptions to be rid of one. */
export class OwnTopics {
  readonly #counts = new Trie<number>()

  /** Distinct topics. */
  get count(): number {
    return this.#counts.size
  }

  add(topic: Uint8Array): void {
    this.#counts.set(topic, (this.#counts.get(topic) ?? 0) + 1)
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

  /** Whether a message with this first frame is wanted. */
  matches(head: FrameView): boolean {
    return this.#counts.matches(head.bytes, head.from, head.to)
  }

  /** Tells a peer all of them, each once. */
  tell(peer: Peer): void {
    for (const [topic] of this.#counts.entries()) peer.request('subscribe', topic)
  }
}
