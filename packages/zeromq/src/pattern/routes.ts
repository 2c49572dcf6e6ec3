import type { Host, Ids, Peer } from './pattern.ts'

/** One peer of a ROUTER or STREAM under its id. */
export interface Route {
  readonly peer: Peer
  /** Kept after the peer is gone, for what it had sent. */
  id: Buffer
  /** The id was chosen by the application (CONNECT_ROUTING_ID): the peer's own does not replace it. */
  readonly chosen: boolean
}

/** Peers by routing id (RFC 28): at most one for each; ids that the socket makes are `00` and a 32-bit counter. */
export class Routes implements Ids {
  readonly #routes = new Map<string, Route>()
  readonly #byPeer = new Map<Peer, Route>()
  #counter: number

  constructor(host: Host) {
    // A random start: a peer that remembers an id from before a restart does not hit a stranger.
    this.#counter = host.random()
  }

  /** The route of the id that a frame holds. */
  find(id: Uint8Array | string): Route | undefined {
    return this.#routes.get(typeof id === 'string' ? keyOfText(id) : keyOf(id))
  }

  /** The route of a peer, also when it has gone and is still read. */
  route(peer: Peer): Route | undefined {
    return this.#byPeer.get(peer)
  }

  /** Undefined when the id is taken. */
  add(peer: Peer, id: Uint8Array, chosen: boolean): Route | undefined {
    const key = keyOf(id)
    if (this.#routes.has(key)) return undefined
    const route = { peer, id: Buffer.from(id), chosen }
    this.#routes.set(key, route)
    this.#byPeer.set(peer, route)
    return route
  }

  /** Gives a route another id; false when that is taken. */
  rename(route: Route, id: Uint8Array): boolean {
    const key = keyOf(id)
    if (this.#routes.has(key)) return false
    this.#routes.delete(keyOf(route.id))
    route.id = Buffer.from(id)
    this.#routes.set(key, route)
    return true
  }

  /** Nothing can be sent to it any more: its id is free. It is still known by `route`. */
  close(route: Route): void {
    if (this.find(route.id) === route) this.#routes.delete(keyOf(route.id))
  }

  /** Nothing is left of it. */
  forget(peer: Peer): void {
    this.#byPeer.delete(peer)
  }

  /** An id that nobody has and that no peer may choose: five octets, the first is 0. */
  generate(): Buffer {
    const id = Buffer.alloc(5)
    do {
      id.writeUInt32BE(this.#counter, 1)
      this.#counter = (this.#counter + 1) >>> 0
    } while (this.#routes.has(keyOf(id)))
    return id
  }

  *open(): IterableIterator<Route> {
    yield* this.#routes.values()
  }

  of(peer: Peer): Uint8Array | undefined {
    return this.#byPeer.get(peer)?.id
  }

  peer(id: Uint8Array): Peer | undefined {
    return this.find(id)?.peer
  }
}

function keyOf(id: Uint8Array): string {
  return (id instanceof Buffer ? id : Buffer.from(id.buffer, id.byteOffset, id.byteLength)).toString('latin1')
}

/** The key of the octets which a text encodes to. */
function keyOfText(id: string): string {
  for (let i = 0; i < id.length; i++) if (id.charCodeAt(i) > 0x7f) return Buffer.from(id).toString('latin1')
  return id
}
