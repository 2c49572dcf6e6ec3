import { FairQueue } from './fair-queue.ts'
import { frameCount } from './first-frame.ts'
import type { Host, Ids, Incoming, Outgoing, Pattern, Peer, Sent, Verdict } from './pattern.ts'

/**
 * SERVER (RFC 41) and PEER (RFC 51): single frames, each with the routing id of its peer, an integer from 1 to 2^32 - 1
 * that this socket gives. What has no route or finds its peer full is refused, never dropped.
 */
export class ServerPattern implements Pattern {
  readonly type: 'SERVER' | 'PEER'
  readonly commands = false
  readonly canSend = true
  readonly ids: Ids
  readonly #host: Host
  readonly #peers = new Map<number, Peer>()
  readonly #numbers = new Map<Peer, number>()
  readonly #in = new FairQueue(peer => this.#numbers.delete(peer))
  #counter: number
  #ahead: Incoming | undefined

  constructor(type: 'SERVER' | 'PEER', host: Host) {
    this.type = type
    this.#host = host
    this.#counter = host.random()
    this.ids = {
      of: peer => this.#encoded(peer),
      peer: id => (id.length === 4 ? this.#peers.get(Buffer.from(id).readUInt32BE()) : undefined),
    }
  }

  get canReceive(): boolean {
    return (this.#ahead ??= this.#take()) !== undefined
  }

  send(message: Outgoing, to?: number | string | Uint8Array): Sent {
    if (frameCount(message) !== 1) return 'EINVAL'
    const peer = typeof to === 'number' ? this.#peers.get(to) : undefined
    if (peer === undefined) return 'EHOSTUNREACH'
    return peer.write(message) ? 'accept' : 'full'
  }

  receive(): Incoming | undefined {
    const message = this.#ahead ?? this.#take()
    this.#ahead = undefined
    return message
  }

  get last(): Peer | undefined {
    return this.#in.last
  }

  attach(peer: Peer): Verdict {
    let number = this.#counter
    while (number === 0 || this.#peers.has(number)) number = (number + 1) >>> 0
    this.#counter = (number + 1) >>> 0
    this.#peers.set(number, peer)
    this.#numbers.set(peer, number)
    this.#in.attach(peer)
    return 'accept'
  }

  linked(): Verdict {
    return 'accept'
  }

  unlinked(peer: Peer): void {
    const { hiccupMessage } = this.#host.options
    if (this.type === 'PEER' && hiccupMessage.length > 0) peer.inject([hiccupMessage])
  }

  detach(peer: Peer): void {
    const number = this.#numbers.get(peer)
    if (number === undefined) return
    const { disconnectMessage } = this.#host.options
    if (disconnectMessage.length > 0 && (peer.linked || peer.side === 'bind')) peer.inject([disconnectMessage])
    this.#peers.delete(number)
    this.#in.detach(peer)
  }

  writable(): void {}

  readable(peer: Peer): void {
    this.#in.readable(peer)
  }

  #take(): Incoming | undefined {
    for (let message = this.#in.take(); message !== undefined; message = this.#in.take()) {
      if (message.length > 1) continue
      const routingId = this.#in.last === undefined ? undefined : this.#numbers.get(this.#in.last)
      // As the `zeromq` package returns it: the frame, then what is known of it.
      ;(message as unknown[]).push({ routingId })
      return message
    }
    return undefined
  }

  #encoded(peer: Peer): Uint8Array | undefined {
    const number = this.#numbers.get(peer)
    if (number === undefined) return undefined
    const id = Buffer.alloc(4)
    id.writeUInt32BE(number)
    return id
  }
}
