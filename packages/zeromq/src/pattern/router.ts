import { DELIMITER } from './envelope.ts'
import { FairQueue } from './fair-queue.ts'
import { firstFrame, frameCount } from './first-frame.ts'
import type { Host, Incoming, Outgoing, Pattern, Peer, Sent, Verdict } from './pattern.ts'
import { Routes } from './routes.ts'
import type { Route } from './routes.ts'

/**
 * ROUTER (RFC 28): the first frame is the peer's id, both ways. What has no route, or finds its peer full, is dropped,
 * under ROUTER_MANDATORY refused. A second peer of the same id waits, unread, until the first is gone; under
 * ROUTER_HANDOVER it takes the id over and the first is closed.
 */
export class RouterPattern implements Pattern {
  readonly type = 'ROUTER'
  readonly commands = false
  readonly ids: Routes
  readonly #host: Host
  readonly #in = new FairQueue(peer => this.ids.forget(peer))
  /** Peers whose id is somebody else's. */
  readonly #waiting = new Set<Peer>()

  constructor(host: Host) {
    this.#host = host
    this.ids = new Routes(host)
  }

  get canSend(): boolean {
    if (!this.#host.options.mandatory) return true
    for (const route of this.ids.open()) if (route.peer.writable) return true
    return false
  }

  get canReceive(): boolean {
    return this.#in.next() !== undefined
  }

  send(message: Outgoing): Sent {
    // An id without a message is nothing to send.
    if (frameCount(message) === 1) return 'drop'
    const { mandatory } = this.#host.options
    const route = this.ids.find(firstFrame(message))
    if (route === undefined) return mandatory ? 'EHOSTUNREACH' : 'drop'
    if (route.peer.write(message, undefined, 1)) return 'accept'
    return mandatory ? 'full' : 'drop'
  }

  receive(): Incoming | undefined {
    const peer = this.#in.next()
    if (peer === undefined) return undefined
    // Whoever is in the queue has a route. The application owns what it gets: a fresh buffer each time.
    return this.#in.take(Buffer.from(this.ids.route(peer)!.id))
  }

  get last(): Peer | undefined {
    return this.#in.last
  }

  attach(peer: Peer, wanted?: Uint8Array): Verdict {
    if (this.#host.options.probeRouter) peer.write(DELIMITER)
    if (wanted !== undefined && wanted.length > 0 && this.ids.add(peer, wanted, true) !== undefined) {
      this.#in.attach(peer)
    }
    return 'accept'
  }

  linked(peer: Peer): Verdict {
    const verdict = this.#identify(peer)
    if (verdict === 'accept' && (this.#host.options.routerNotify & NOTIFY_CONNECT) !== 0) peer.inject([DELIMITER])
    return verdict
  }

  unlinked(peer: Peer): void {
    if (this.ids.route(peer) === undefined) return
    const { hiccupMessage, routerNotify } = this.#host.options
    if ((routerNotify & NOTIFY_DISCONNECT) !== 0) peer.inject([DELIMITER])
    if (hiccupMessage.length > 0) peer.inject([hiccupMessage])
  }

  detach(peer: Peer): void {
    this.#waiting.delete(peer)
    const route = this.ids.route(peer)
    if (route === undefined) return
    const { disconnectMessage, routerNotify } = this.#host.options
    if (peer.linked || peer.side === 'bind') {
      if ((routerNotify & NOTIFY_DISCONNECT) !== 0) peer.inject([DELIMITER])
      if (disconnectMessage.length > 0) peer.inject([disconnectMessage])
    }
    this.ids.close(route)
    this.#in.detach(peer)
    for (const next of this.#waiting) {
      if (!route.id.equals(next.identity)) continue
      this.linked(next)
      this.#host.changed()
      return
    }
  }

  writable(): void {}

  readable(peer: Peer): void {
    this.#in.readable(peer)
  }

  #identify(peer: Peer): Verdict {
    const known = this.ids.route(peer)
    // Ids that begin with 0 are the socket's own to give: a peer cannot choose one (RFC 37 §3.4).
    const wish = peer.identity.length > 0 && peer.identity[0] !== 0 ? peer.identity : undefined
    if (known !== undefined) {
      // The peer came back, perhaps as another.
      if (wish !== undefined && !known.chosen && !known.id.equals(wish)) this.ids.rename(known, wish)
      return 'accept'
    }
    const holder = wish === undefined ? undefined : this.ids.find(wish)
    if (holder !== undefined && !this.#evict(holder)) {
      this.#waiting.add(peer)
      return 'drop'
    }
    this.#waiting.delete(peer)
    this.ids.add(peer, wish ?? this.ids.generate(), false)
    this.#in.attach(peer)
    return 'accept'
  }

  /** Whole messages are read at once, so that no multipart message is ever cut by this. */
  #evict(holder: Route): boolean {
    if (!this.#host.options.handover) return false
    this.ids.rename(holder, this.ids.generate())
    this.#host.closePeer(holder.peer, 'another peer took its routing id over')
    return true
  }
}

const NOTIFY_CONNECT = 1
const NOTIFY_DISCONNECT = 2
