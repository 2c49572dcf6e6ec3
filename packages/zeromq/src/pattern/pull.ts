import { FairQueue } from './fair-queue.ts'
import type { Host, Incoming, Packing, Pattern, Peer, Sent, Verdict } from './pattern.ts'

/** PULL (RFC 30) and GATHER (RFC 49, which drops what has more than one frame): fair-queued. */
export class PullPattern implements Pattern {
  readonly type: 'PULL' | 'GATHER'
  readonly commands = false
  readonly canSend = false
  readonly #in = new FairQueue()
  #ahead: Incoming | undefined

  constructor(type: 'PULL' | 'GATHER', _host: Host) {
    this.type = type
  }

  get canReceive(): boolean {
    if (this.type === 'PULL') return this.#in.next() !== undefined
    return (this.#ahead ??= this.#take()) !== undefined
  }

  send(): Sent {
    return 'ENOTSUP'
  }

  receive(): Incoming | undefined {
    if (this.type === 'PULL') return this.#in.take()
    const message = this.#ahead ?? this.#take()
    this.#ahead = undefined
    return message
  }

  receiveMany(into: Incoming[], max: number): void {
    if (this.type === 'PULL') return this.#in.takeMany(into, max)
    while (into.length < max) {
      const message = this.receive()
      if (message === undefined) return
      into.push(message)
    }
  }

  receivePacked(into: Packing, max: number): void {
    if (this.type === 'PULL') return this.#in.takePacked(into, max)
    while (into.length < max && !into.full) {
      const message = this.receive()
      if (message === undefined) return
      into.add(message)
    }
  }

  get last(): Peer | undefined {
    return this.#in.last
  }

  attach(peer: Peer): Verdict {
    this.#in.attach(peer)
    return 'accept'
  }

  linked(): Verdict {
    return 'accept'
  }

  unlinked(): void {}

  detach(peer: Peer): void {
    this.#in.detach(peer)
  }

  writable(): void {}

  readable(peer: Peer): void {
    this.#in.readable(peer)
  }

  #take(): Incoming | undefined {
    let message = this.#in.take()
    while (message !== undefined && message.length > 1) message = this.#in.take()
    return message
  }
}
