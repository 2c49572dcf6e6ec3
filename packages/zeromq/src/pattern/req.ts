import { BARE, DELIMITER } from './envelope.ts'
import { FairQueue } from './fair-queue.ts'
import type { Host, Incoming, Outgoing, Pattern, Peer, Sent, Verdict } from './pattern.ts'
import { RoundRobin } from './round-robin.ts'

/**
 * REQ (RFC 28): a request to the next peer, then its reply, in turn. Replies of others, and replies to earlier requests
 * where REQ_CORRELATE tells them apart, are dropped; a peer whose message has no envelope is closed, that one alone.
 */
export class ReqPattern implements Pattern {
  readonly type = 'REQ'
  readonly commands = false
  readonly #host: Host
  readonly #out = new RoundRobin()
  readonly #in = new FairQueue()
  #state: State = IDLE
  #request: number

  constructor(host: Host) {
    this.#host = host
    this.#request = host.random()
  }

  get canSend(): boolean {
    return (this.#state.is === 'idle' || this.#host.options.relaxed) && this.#out.ready
  }

  get canReceive(): boolean {
    if (this.#state.is === 'idle') return false
    return (this.#state.reply ??= this.#takeReply(this.#state)) !== undefined
  }

  get barred(): 'EFSM' | undefined {
    return this.#state.is === 'idle' ? 'EFSM' : undefined
  }

  send(message: Outgoing): Sent {
    const { correlate, relaxed } = this.#host.options
    if (this.#state.is === 'waiting' && !relaxed) return 'EFSM'
    const id = correlate ? this.#nextId() : undefined
    if (!this.#out.send(message, id === undefined ? BARE : [id, DELIMITER])) return 'full'
    this.#state = { is: 'waiting', from: this.#out.last, id, reply: undefined }
    // What came before this request cannot be its reply.
    while (this.#in.take() !== undefined);
    return 'accept'
  }

  receive(): Incoming | undefined {
    if (this.#state.is === 'idle') return undefined
    const reply = this.#state.reply ?? this.#takeReply(this.#state)
    if (reply !== undefined) this.#state = IDLE
    return reply
  }

  get last(): Peer | undefined {
    return this.#in.last
  }

  attach(peer: Peer): Verdict {
    if (this.#host.options.probeRouter) peer.write(DELIMITER)
    this.#out.attach(peer)
    this.#in.attach(peer)
    return 'accept'
  }

  linked(): Verdict {
    return 'accept'
  }

  unlinked(): void {}

  detach(peer: Peer): void {
    this.#out.detach(peer)
    this.#in.detach(peer)
    // libzmq then takes the reply of anyone; whoever asks again under REQ_RELAXED is not held to a peer that is gone.
    if (this.#state.is === 'waiting' && this.#state.from === peer && !peer.readable) this.#state.from = undefined
  }

  writable(peer: Peer): void {
    this.#out.writable(peer)
  }

  readable(peer: Peer): void {
    this.#in.readable(peer)
  }

  #takeReply(state: Waiting): Incoming | undefined {
    for (let message = this.#in.take(); message !== undefined; message = this.#in.take()) {
      const peer = this.#in.last
      const head = headLength(message)
      if (head === undefined) {
        if (peer !== undefined) this.#host.closePeer(peer, 'a reply without its envelope')
        continue
      }
      if (state.from !== undefined && peer !== state.from) continue
      if (head !== (state.id === undefined ? 1 : 2)) continue
      if (state.id !== undefined && !state.id.equals(message[0]!)) continue // head is 2
      if (head === 1) message.shift()
      else message.splice(0, head)
      return message
    }
    return undefined
  }

  #nextId(): Buffer {
    this.#request = (this.#request + 1) >>> 0
    const id = Buffer.allocUnsafe(4)
    // The peer only echoes it: the order of its octets is ours to choose.
    id.writeUInt32LE(this.#request)
    return id
  }
}

type State = { is: 'idle' } | Waiting

interface Waiting {
  is: 'waiting'
  /** Undefined: that peer is gone. */
  from: Peer | undefined
  id: Buffer | undefined
  /** Looked at to know whether there is one. */
  reply: Incoming | undefined
}

const IDLE: State = { is: 'idle' }

/** `[id of four octets] delimiter body…`: how many frames stand before the body; undefined when malformed. */
function headLength(message: Incoming): 1 | 2 | undefined {
  const first = message[0]!.length // a message has a frame
  if (first === 0) return message.length > 1 ? 1 : undefined
  return first === 4 && message.length > 2 && message[1]!.length === 0 ? 2 : undefined
}
