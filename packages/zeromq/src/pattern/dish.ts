import { FairQueue } from './fair-queue.ts'
import { MAX_GROUP } from './radio.ts'
import type { Host, Incoming, Pattern, Peer, Sent, Topics, Verdict } from './pattern.ts'

/** DISH (RFC 48): messages of the groups it joined, each with its group; the name has to match wholly. */
export class DishPattern implements Pattern {
  readonly type = 'DISH'
  readonly commands = false
  readonly canSend = false
  readonly topics: Topics
  readonly #groups = new Map<string, Uint8Array>()
  readonly #peers = new Set<Peer>()
  readonly #in = new FairQueue()
  #ahead: Incoming | undefined

  constructor(_host: Host) {
    this.topics = this.#joining()
  }

  get canReceive(): boolean {
    return (this.#ahead ??= this.#take()) !== undefined
  }

  send(): Sent {
    return 'ENOTSUP'
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
    this.#peers.add(peer)
    this.#in.attach(peer)
    return 'accept'
  }

  linked(peer: Peer): Verdict {
    for (const group of this.#groups.values()) peer.request('join', group)
    return 'accept'
  }

  unlinked(): void {}

  detach(peer: Peer): void {
    this.#peers.delete(peer)
    this.#in.detach(peer)
  }

  writable(): void {}

  readable(peer: Peer): void {
    this.#in.readable(peer)
  }

  #take(): Incoming | undefined {
    for (let message = this.#in.take(); message !== undefined; message = this.#in.take()) {
      if (message.length !== 2) continue
      const group = message[0]! // two frames
      if (!this.#groups.has(group.toString('latin1'))) continue
      message.shift()
      // As the `zeromq` package returns it: the frame, then what is known of it.
      ;(message as unknown[]).push({ group })
      return message
    }
    return undefined
  }

  #joining(): Topics {
    const groups = this.#groups
    return {
      get count() {
        return groups.size
      },
      has: group => groups.has(Buffer.from(group).toString('latin1')),
      add: group => {
        const key = Buffer.from(group).toString('latin1')
        if (groups.has(key) || group.length > MAX_GROUP) return false
        groups.set(key, new Uint8Array(group))
        for (const peer of this.#peers) if (peer.linked) peer.request('join', group)
        return true
      },
      remove: group => {
        if (!groups.delete(Buffer.from(group).toString('latin1'))) return false
        for (const peer of this.#peers) if (peer.linked) peer.request('leave', group)
        return true
      },
    }
  }
}
