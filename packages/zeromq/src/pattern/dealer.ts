import { DELIMITER } from './envelope.ts'
import { FairQueue } from './fair-queue.ts'
import { frameCount } from './first-frame.ts'
import type { Host, Incoming, Outgoing, Pattern, Peer, Sent, Verdict } from './pattern.ts'
import { RoundRobin } from './round-robin.ts'

/** DEALER (RFC 28) and CLIENT (RFC 41, single frames only): round-robin out, fair-queued in, nothing added. */
export class DealerPattern implements Pattern {
  readonly type: 'DEALER' | 'CLIENT'
  readonly commands = false
  readonly #host: Host
  readonly #out = new RoundRobin()
  readonly #in = new FairQueue()
  #ahead: Incoming | undefined

  constructor(type: 'DEALER' | 'CLIENT', host: Host) {
    this.type = type
    this.#host = host
  }

  get canSend(): boolean {
    return this.#out.ready
  }

  get canReceive(): boolean {
    if (this.type === 'DEALER') return this.#in.next() !== undefined
    return (this.#ahead ??= this.#takeSingle()) !== undefined
  }

  send(message: Outgoing): Sent {
    if (this.type === 'CLIENT' && frameCount(message) !== 1) return 'EINVAL'
    return this.#out.send(message) ? 'accept' : 'full'
  }

  receive(): Incoming | undefined {
    if (this.type === 'DEALER') return this.#in.take()
    const message = this.#ahead ?? this.#takeSingle()
    this.#ahead = undefined
    return message
  }

  get last(): Peer | undefined {
    return this.#in.last
  }

  attach(peer: Peer): Verdict {
    // A probe is an ordinary message, the first in the queue (PROBE_ROUTER).
    if (this.#host.options.probeRouter) peer.write(DELIMITER)
    this.#out.attach(peer)
    this.#in.attach(peer)
    return 'accept'
  }

  linked(): Verdict {
    return 'accept'
  }

  unlinked(peer: Peer): void {
    const { hiccupMessage } = this.#host.options
    if (hiccupMessage.length > 0) peer.inject([hiccupMessage])
  }

  detach(peer: Peer): void {
    this.#out.detach(peer)
    this.#in.detach(peer)
  }

  writable(peer: Peer): void {
    this.#out.writable(peer)
  }

  readable(peer: Peer): void {
    this.#in.readable(peer)
  }

  #takeSingle(): Incoming | undefined {
    let message = this.#in.take()
    while (message !== undefined && message.length > 1) message = this.#in.take()
    return message
  }
}
