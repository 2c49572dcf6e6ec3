import type { Host, Outgoing, Pattern, Peer, Sent, Verdict } from './pattern.ts'
import { frameCount } from './first-frame.ts'
import { RoundRobin } from './round-robin.ts'

/** PUSH (RFC 30) and SCATTER (RFC 49, single frames only): round-robin to those that have room, never dropping. */
export class PushPattern implements Pattern {
  readonly type: 'PUSH' | 'SCATTER'
  readonly commands = false
  readonly canReceive = false
  readonly barred = 'ENOTSUP'
  readonly #out = new RoundRobin()

  constructor(type: 'PUSH' | 'SCATTER', _host: Host) {
    this.type = type
  }

  get canSend(): boolean {
    return this.#out.ready
  }

  send(message: Outgoing): Sent {
    if (this.type === 'SCATTER' && frameCount(message) !== 1) return 'EINVAL'
    return this.#out.send(message) ? 'accept' : 'full'
  }

  sendMany(messages: readonly unknown[], from: number): number {
    return this.#out.sendMany(messages, from)
  }

  receive(): undefined {
    return undefined
  }

  attach(peer: Peer): Verdict {
    this.#out.attach(peer)
    return 'accept'
  }

  linked(): Verdict {
    return 'accept'
  }

  unlinked(): void {}

  detach(peer: Peer): void {
    this.#out.detach(peer)
  }

  writable(peer: Peer): void {
    this.#out.writable(peer)
  }

  /** Nothing is to come from there; what comes is thrown away, so that the connection's end is still noticed. */
  readable(peer: Peer): void {
    while (peer.read() !== undefined);
  }
}
