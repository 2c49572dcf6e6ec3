import type { Filter, Incoming, Packing, Peer } from './pattern.ts'
import { ReadyList } from './ready-list.ts'

/**
 * Takes a message from every peer in turn, so that a fast one cannot starve a slow one (libzmq's `fq`). A peer that is
 * gone stays until what it had sent is read; `forget` is called when nothing is left of it.
 */
export class FairQueue {
  readonly #peers = new ReadyList<Peer>()
  readonly #leaving = new Set<Peer>()
  readonly #forget: ((peer: Peer) => void) | undefined
  #current = 0
  #last: Peer | undefined

  constructor(forget?: (peer: Peer) => void) {
    this.#forget = forget
  }

  attach(peer: Peer): void {
    this.#peers.add(peer)
    if (peer.readable) this.#peers.activate(peer)
  }

  /** It sends no more; what it sent before is still read. */
  detach(peer: Peer): void {
    if (!this.#peers.has(peer)) return
    if (peer.readable) {
      this.#leaving.add(peer)
      this.#peers.activate(peer)
    } else {
      this.remove(peer)
    }
  }

  /** Out at once, with all that it had sent. */
  remove(peer: Peer): void {
    if (!this.#peers.has(peer)) return
    this.#peers.remove(peer)
    this.#leaving.delete(peer)
    if (this.#current >= this.#peers.active) this.#current = 0
    if (this.#last === peer) this.#last = undefined
    this.#forget?.(peer)
  }

  /** It has something to read again. */
  readable(peer: Peer): void {
    this.#peers.activate(peer)
  }

  /** Whose turn it is; undefined when nobody has a message. */
  next(): Peer | undefined {
    while (this.#peers.active > 0) {
      const peer = this.#peers.at(this.#current)
      if (peer.readable) return peer
      this.#skip(peer)
    }
    return undefined
  }

  /** The next message, with `lead` as its first frame; `last` tells whose it was. */
  take(lead?: Buffer): Incoming | undefined {
    for (let peer = this.next(); peer !== undefined; peer = this.next()) {
      const message = peer.read(lead)
      if (message !== undefined) {
        this.#took(peer)
        return message
      }
      this.#skip(peer)
    }
    return undefined
  }

  /** The next message that `filter` wants; what comes before it from the same peer is dropped. */
  takeWanted(filter: Filter): Incoming | undefined {
    for (let peer = this.next(); peer !== undefined; peer = this.next()) {
      const message = peer.readWanted(filter)
      if (message !== undefined) {
        this.#took(peer)
        return message
      }
    }
    return undefined
  }

  /**
   * Adds messages to `into` until it has `max` or nobody has any: in turns where several have some. What `filter` does not want
   * is dropped.
   */
  takeMany(into: Incoming[], max: number, filter?: Filter): void {
    for (let peer = this.next(); peer !== undefined && into.length < max; peer = this.next()) {
      peer.readMany(into, this.#peers.active === 1 ? max : into.length + 1, filter)
      this.#took(peer)
    }
  }

  /** As `takeMany`, packed, until `into` has `max` messages or is full. */
  takePacked(into: Packing, max: number, filter?: Filter): void {
    for (let peer = this.next(); peer !== undefined && into.length < max && !into.full; peer = this.next()) {
      peer.readPacked(into, this.#peers.active === 1 ? max : into.length + 1, filter)
      this.#took(peer)
    }
  }

  /** Who sent the message that was taken last, while it is known. */
  get last(): Peer | undefined {
    return this.#last
  }

  #took(peer: Peer): void {
    this.#last = peer
    if (++this.#current >= this.#peers.active) this.#current = 0
  }

  #skip(peer: Peer): void {
    if (this.#leaving.has(peer)) {
      this.remove(peer)
      return
    }
    this.#peers.deactivate(this.#current)
    if (this.#current >= this.#peers.active) this.#current = 0
  }
}
