import type { Peer } from './pattern.ts'
import { Trie } from './trie.ts'

/** What a peer that is not linked has been told: nothing since it was attached or lost, or all there is, in its queue. */
type Absent = { readonly is: 'untold'; readonly repeated: Uint8Array[] } | { readonly is: 'told'; since: number }

/**
 * The topics that this socket wants, each counted: it takes as many cancellations as subscriptions to be rid of one. Peers hear
 * of them in order with the messages that are written to them, whether they are linked or not.
 */
export class OwnTopics {
  readonly #counts = new Trie<number>()
  /** Undefined: it is linked, and knows all of them. */
  readonly #peers = new Map<Peer, Absent | undefined>()
  /** How many peers are untold. */
  #untold = 0

  /** Distinct topics. */
  get count(): number {
    return this.#counts.size
  }

  has(topic: Uint8Array): boolean {
    return this.#counts.get(topic) !== undefined
  }

  /** Whether a message is wanted whose first frame is the octets `[from, to)` of `bytes`. */
  matches(bytes: Uint8Array, from: number, to: number): boolean {
    return this.#counts.matches(bytes, from, to)
  }

  /** A new peer, not linked yet. */
  attach(peer: Peer): void {
    this.#set(peer, { is: 'untold', repeated: [] })
  }

  linked(peer: Peer): void {
    const absent = this.#peers.get(peer)
    this.#set(peer, undefined)
    if (absent?.is === 'untold') this.#tell(peer, absent.repeated)
  }

  /** Whoever comes next over this pipe knows nothing. */
  unlinked(peer: Peer): void {
    this.#renew(peer)
  }

  detach(peer: Peer): void {
    this.#set(peer, undefined)
    this.#peers.delete(peer)
  }

  /** Every subscription is told, repeated ones too: a publisher under XPUB_VERBOSE reports each. */
  subscribe(topic: Uint8Array): void {
    const count = this.#counts.get(topic) ?? 0
    this.#counts.set(topic, count + 1)
    for (const [peer, absent] of this.#peers) {
      if (absent?.is !== 'untold') this.#request(peer, absent, 'subscribe', topic)
      else if (count > 0 && absent.repeated.length < MOST_REPEATED) absent.repeated.push(new Uint8Array(topic))
    }
  }

  /** A cancellation is told when the last of equal subscriptions goes, or where `verbose` says that each is. */
  cancel(topic: Uint8Array, verbose: boolean = false): void {
    if (this.#remove(topic) !== 'last' && !verbose) return
    for (const [peer, absent] of this.#peers) {
      if (absent?.is !== 'untold') this.#request(peer, absent, 'cancel', topic)
    }
  }

  /** A message is to be written to all peers: what was asked for before goes before it. */
  precede(): void {
    if (this.#untold === 0) return
    for (const [peer, absent] of this.#peers) {
      if (absent?.is !== 'untold') continue
      this.#tell(peer, absent.repeated)
      this.#set(peer, { is: 'told', since: 0 })
    }
  }

  #remove(topic: Uint8Array): 'last' | 'remain' | 'unknown' {
    const count = this.#counts.get(topic)
    if (count === undefined) return 'unknown'
    if (count === 1) {
      this.#counts.delete(topic)
      return 'last'
    }
    this.#counts.set(topic, count - 1)
    return 'remain'
  }

  #request(peer: Peer, absent: Absent | undefined, request: 'subscribe' | 'cancel', topic: Uint8Array): void {
    peer.request(request, topic)
    if (absent?.is === 'told' && ++absent.since > MOST_REPEATED) this.#renew(peer)
  }

  /**
   * Tells a peer all of them, each once, and then what was subscribed again while it was not linked, as libzmq, which has queued
   * every request since then, does.
   */
  #tell(peer: Peer, repeated: readonly Uint8Array[]): void {
    for (const topic of this.#topics()) peer.request('subscribe', topic)
    for (const topic of repeated) if (this.has(topic)) peer.request('subscribe', topic)
  }

  /** Takes back what waits to be told; where messages wait, all topics go before them. */
  #renew(peer: Peer): void {
    const told = peer.renew(this.#topics())
    this.#set(peer, told ? { is: 'told', since: 0 } : { is: 'untold', repeated: [] })
  }

  *#topics(): IterableIterator<Uint8Array> {
    for (const [topic] of this.#counts.entries()) yield topic
  }

  #set(peer: Peer, absent: Absent | undefined): void {
    if (this.#peers.get(peer)?.is === 'untold') this.#untold--
    if (absent?.is === 'untold') this.#untold++
    this.#peers.set(peer, absent)
  }
}

/** Nobody needs more; without a bound they would pile up while a peer cannot be reached. */
const MOST_REPEATED = 10_000
