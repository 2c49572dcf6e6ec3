import type { Outgoing, Peer } from './pattern.ts'
import { ReadyList } from './ready-list.ts'

/** Gives each message to the next peer that has room, in turn (libzmq's `lb`). A new peer is ready at once. */
export class RoundRobin {
  readonly #peers = new ReadyList<Peer>()
  #current = 0
  #last: Peer | undefined

  attach(peer: Peer): void {
    this.#peers.add(peer)
    this.#peers.activate(peer)
  }

  detach(peer: Peer): void {
    this.#peers.remove(peer)
    if (this.#current >= this.#peers.active) this.#current = 0
    if (this.#last === peer) this.#last = undefined
  }

  /** It has room again. */
  writable(peer: Peer): void {
    this.#peers.activate(peer)
  }

  /** Whether a message would be taken. */
  get ready(): boolean {
    while (this.#peers.active > 0) {
      if (this.#peers.at(this.#current).writable) return true
      this.#skip()
    }
    return false
  }

  /** Who took the last message, while it is there. */
  get last(): Peer | undefined {
    return this.#last
  }

  /** False: nobody has room, and nothing was sent. */
  send(message: Outgoing, envelope?: readonly Uint8Array[]): boolean {
    while (this.#peers.active > 0) {
      const peer = this.#peers.at(this.#current)
      if (peer.write(message, envelope)) {
        this.#last = peer
        if (++this.#current >= this.#peers.active) this.#current = 0
        return true
      }
      this.#skip()
    }
    return false
  }

  /** Sends messages from index `from` on as long as one peer alone has room, and they are octets. Answers how many. */
  sendMany(messages: readonly unknown[], from: number): number {
    if (this.#peers.active !== 1) return 0
    const peer = this.#peers.at(0)
    const sent = peer.writeMany(messages, from)
    if (sent > 0) this.#last = peer
    return sent
  }

  #skip(): void {
    this.#peers.deactivate(this.#current)
    if (this.#current >= this.#peers.active) this.#current = 0
  }
}
