import { frameCount } from './first-frame.ts'
import type { Close, Host, Incoming, Outgoing, Pattern, Peer, Sent, Verdict } from './pattern.ts'

/**
 * PAIR (RFC 31), CHANNEL (RFC 52, single frames only) and DGRAM (address and body): one peer. The first wins, others are
 * closed; when it is gone the next may come.
 */
export class PairPattern implements Pattern {
  readonly type: 'PAIR' | 'CHANNEL' | 'DGRAM'
  readonly commands = false
  #peer: Peer | undefined
  /** Those that are gone with something left to read. */
  readonly #before: Peer[] = []
  #ahead: Incoming | undefined
  #last: Peer | undefined

  constructor(type: 'PAIR' | 'CHANNEL' | 'DGRAM', _host: Host) {
    this.type = type
  }

  get canSend(): boolean {
    return this.#peer !== undefined && this.#peer.writable
  }

  get canReceive(): boolean {
    return (this.#ahead ??= this.#take()) !== undefined
  }

  send(message: Outgoing): Sent {
    const frames = frameCount(message)
    if (this.type === 'CHANNEL' && frames !== 1) return 'EINVAL'
    if (this.type === 'DGRAM' && frames !== 2) return 'EINVAL'
    return this.#peer !== undefined && this.#peer.write(message) ? 'accept' : 'full'
  }

  receive(): Incoming | undefined {
    const message = this.#ahead ?? this.#take()
    this.#ahead = undefined
    return message
  }

  get last(): Peer | undefined {
    return this.#last
  }

  attach(peer: Peer): Verdict {
    if (this.#peer !== undefined) return TAKEN
    this.#peer = peer
    return 'accept'
  }

  linked(): Verdict {
    return 'accept'
  }

  unlinked(): void {}

  detach(peer: Peer): void {
    if (this.#peer !== peer) return
    this.#peer = undefined
    if (peer.readable) this.#before.push(peer)
  }

  writable(): void {}

  readable(): void {}

  #take(): Incoming | undefined {
    for (;;) {
      const peer = this.#before[0] ?? this.#peer
      if (peer === undefined) return undefined
      const message = peer.read()
      if (message === undefined) {
        if (peer === this.#peer) return undefined
        this.#before.shift()
      } else if (this.type !== 'CHANNEL' || message.length === 1) {
        this.#last = peer
        return message
      }
    }
  }
}

const TAKEN: Close = { is: 'close', reason: 'it has its peer already' }
