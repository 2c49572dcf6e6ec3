import { firstFrame, frameCount, octets } from './first-frame.ts'
import type { Host, Outgoing, Part, Pattern, Peer, Sent, Verdict } from './pattern.ts'

/** RADIO (RFC 48): each single-frame message to those who joined its group; whoever is full misses it. */
export class RadioPattern implements Pattern {
  readonly type = 'RADIO'
  readonly commands = true
  readonly canSend = true
  readonly canReceive = false
  readonly barred = 'ENOTSUP'
  readonly #host: Host
  readonly #groups = new Map<string, Set<Peer>>()
  readonly #joined = new Map<Peer, Set<string>>()
  /** Datagram peers: nobody can join over UDP, so that everything is sent. */
  readonly #everything = new Set<Peer>()
  readonly #matching: Peer[] = []
  readonly #pair: [Part, Part] = ['', '']

  constructor(host: Host) {
    this.#host = host
  }

  send(message: Outgoing, to: number | string | Uint8Array = ''): Sent {
    if (frameCount(message) !== 1 || typeof to === 'number') return 'EINVAL'
    const group = octets(to)
    if (group.length > MAX_GROUP) return 'EINVAL'
    let count = 0
    const members = this.#groups.get(keyOf(group))
    if (members !== undefined) for (const peer of members) this.#matching[count++] = peer
    for (const peer of this.#everything) this.#matching[count++] = peer
    if (count === 0) return 'drop'
    this.#pair[0] = group
    this.#pair[1] = firstFrame(message)
    this.#host.spread(this.#pair, this.#matching, count)
    this.#pair[1] = ''
    return 'accept'
  }

  receive(): undefined {
    return undefined
  }

  attach(peer: Peer): Verdict {
    if (peer.datagrams === true) this.#everything.add(peer)
    this.#joined.set(peer, new Set())
    this.readable(peer)
    return 'accept'
  }

  linked(): Verdict {
    return 'accept'
  }

  unlinked(peer: Peer): void {
    this.#leaveAll(peer)
    this.#joined.set(peer, new Set())
  }

  detach(peer: Peer): void {
    this.#everything.delete(peer)
    this.#leaveAll(peer)
    this.#matching.length = 0
  }

  writable(): void {}

  readable(peer: Peer): void {
    for (let next = peer.next(); next !== undefined; next = peer.next()) {
      const frames = peer.read()
      if (frames === undefined) return
      const group = frames[0]! // a message or request has one
      if (next === 'join') this.#join(peer, group)
      else if (next === 'leave') this.#leave(peer, keyOf(group))
    }
  }

  #join(peer: Peer, group: Uint8Array): void {
    const joined = this.#joined.get(peer)
    if (joined === undefined || group.length > MAX_GROUP) return
    if (joined.size >= this.#host.options.maxSubscriptions) {
      this.#host.closePeer(peer, 'too many groups')
      return
    }
    const key = keyOf(group)
    joined.add(key)
    const members = this.#groups.get(key)
    if (members === undefined) this.#groups.set(key, new Set([peer]))
    else members.add(peer)
  }

  #leave(peer: Peer, key: string): void {
    this.#joined.get(peer)?.delete(key)
    const members = this.#groups.get(key)
    if (members?.delete(peer) === true && members.size === 0) this.#groups.delete(key)
  }

  #leaveAll(peer: Peer): void {
    const joined = this.#joined.get(peer)
    if (joined !== undefined) for (const key of joined) this.#leave(peer, key)
    this.#joined.delete(peer)
  }
}

/** Octets in a group's name, as libzmq has it; RFC 48 asks for 15. */
export const MAX_GROUP = 255

function keyOf(group: Uint8Array): string {
  return Buffer.from(group.buffer, group.byteOffset, group.byteLength).toString('latin1')
}
