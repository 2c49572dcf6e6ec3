import type { Host, Outgoing, PatternOptions, Peer } from './pattern/pattern.ts'
import { FanOut } from './pipe/fan-out.ts'
import type { Pipe } from './pipe/pipe.ts'
import type { SlabPool } from './pipe/slab.ts'

/** What the host of a pattern needs of the socket. */
interface Owner {
  readonly options: PatternOptions
  readonly slabs: SlabPool
  closePeer(pipe: Pipe, reason: string): void
  changed(): void
  random(): number
}

/** What a pattern has of the socket that owns it. */
export class PatternHost implements Host {
  readonly options: PatternOptions
  readonly #owner: Owner
  #fanOut: FanOut | undefined

  constructor(owner: Owner) {
    this.#owner = owner
    this.options = owner.options
  }

  spread(message: Outgoing, peers: readonly Peer[], count: number): void {
    if (count === 0) return
    this.#fanOut ??= new FanOut(this.#owner.slabs)
    const fanOut = this.#fanOut
    fanOut.begin(message)
    for (let i = 0; i < count; i++) fanOut.give(peers[i] as Pipe) // i is below the length, and peers are our pipes
    fanOut.done()
  }

  closePeer(peer: Peer, reason: string): void {
    this.#owner.closePeer(peer as Pipe, reason)
  }

  changed(): void {
    this.#owner.changed()
  }

  random(): number {
    return this.#owner.random()
  }

  /** Gives back what the last message was packed into. */
  rest(): void {
    this.#fanOut?.rest()
  }
}
