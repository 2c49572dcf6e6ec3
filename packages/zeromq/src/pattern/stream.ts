import { DELIMITER } from './envelope.ts'
import { FairQueue } from './fair-queue.ts'
import { firstFrame, frameCount } from './first-frame.ts'
import type { Host, Incoming, Outgoing, Part, Pattern, Peer, Sent, Verdict } from './pattern.ts'
import { Routes } from './routes.ts'

/**
 * STREAM: raw TCP. Every message is `[id, octets]`; no octets: connected, disconnected, and when sent: disconnect. What
 * has no route is always refused.
 */
export class StreamPattern implements Pattern {
  readonly type = 'STREAM'
  readonly commands = false
  readonly canSend = true
  readonly ids: Routes
  readonly #host: Host
  readonly #in = new FairQueue(peer => this.ids.forget(peer))

  constructor(host: Host) {
    this.#host = host
    this.ids = new Routes(host)
  }

  get canReceive(): boolean {
    return this.#in.next() !== undefined
  }

  send(message: Outgoing): Sent {
    if (frameCount(message) === 1) return 'drop'
    const route = this.ids.find(firstFrame(message))
    if (route === undefined) return 'EHOSTUNREACH'
    // Frames beyond the second are no part of libzmq's STREAM.
    const body = (message as readonly Part[])[1]! // two frames or more
    if (body.length > 0) return route.peer.write(body) ? 'accept' : 'full'
    this.#host.closePeer(route.peer, 'closed by an empty message')
    return 'accept'
  }

  receive(): Incoming | undefined {
    const peer = this.#in.next()
    if (peer === undefined) return undefined
    return this.#in.take(Buffer.from(this.ids.route(peer)!.id)) // whoever is in the queue has a route
  }

  get last(): Peer | undefined {
    return this.#in.last
  }

  attach(peer: Peer, wanted?: Uint8Array): Verdict {
    const chosen = wanted !== undefined && wanted.length > 0 && this.ids.add(peer, wanted, true) !== undefined
    if (!chosen) this.ids.add(peer, this.ids.generate(), false)
    this.#in.attach(peer)
    return 'accept'
  }

  linked(peer: Peer): Verdict {
    if (this.#host.options.streamNotify) peer.inject([DELIMITER])
    return 'accept'
  }

  unlinked(peer: Peer): void {
    if (this.#host.options.streamNotify) peer.inject([DELIMITER])
  }

  detach(peer: Peer): void {
    const route = this.ids.route(peer)
    if (route === undefined) return
    if ((peer.linked || peer.side === 'bind') && this.#host.options.streamNotify) peer.inject([DELIMITER])
    this.ids.close(route)
    this.#in.detach(peer)
  }

  writable(): void {}

  readable(peer: Peer): void {
    this.#in.readable(peer)
  }
}
