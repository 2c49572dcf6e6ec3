import { encodeCommand, isCommand } from '../wire/command.ts'
import { COMMAND } from '../wire/frame.ts'
import type { Frames } from './frames.ts'
import type { Outgoing } from './part.ts'
import type { Filter } from './filter.ts'
import type { Lane } from './lane.ts'
import type { Packing } from './packing.ts'

/** What a pipe asks of whatever carries it: a session, or the other end of an inproc pair. */
export interface PipeCarrier {
  /** Something was read from `in`: whoever stopped filling it at the mark may go on. */
  drained(): void
}

/** What a peer asks for by a command (RFC 37 §3.3, RFC 48). */
export type Request = 'subscribe' | 'cancel' | 'join' | 'leave'

/** One peer of a socket: two lanes, and what is known of it. It is the `Peer` that patterns see. */
export class Pipe<L extends Lane = Lane> {
  readonly out: L
  readonly in: L
  /** `connect`: this side opened the connection, and the pipe outlives it. */
  readonly side: 'bind' | 'connect'
  /** True over udp: nobody can subscribe there. */
  readonly datagrams: boolean
  /** What the peer announced; empty while unknown. Set by the carrier. */
  identity: Buffer = NOTHING
  /** What the peer and the ZAP handler said of the peer. Set by the carrier. */
  properties: ReadonlyMap<string, Uint8Array> | undefined = undefined
  /** The peer's address as ZAP tells it. Set by the carrier. */
  address = ''
  /** Whether the handshake is over and the connection stands. Set by the carrier. */
  linked = false
  readonly #frames: Frames
  readonly #carrier: PipeCarrier

  constructor(
    lanes: { out: L; in: L },
    carrier: PipeCarrier,
    options: { frames: Frames; side: 'bind' | 'connect'; datagrams?: boolean },
  ) {
    this.out = lanes.out
    this.in = lanes.in
    this.#carrier = carrier
    this.#frames = options.frames
    this.side = options.side
    this.datagrams = options.datagrams ?? false
  }

  /** Whether a whole message would be taken now. After false the pattern hears `writable` once there is room. */
  get writable(): boolean {
    return this.out.room()
  }

  get readable(): boolean {
    return !this.in.empty
  }

  /** Takes the frames of `envelope`, then those of `message` from index `from` on, as one message; or nothing (false). */
  write(message: Outgoing, envelope?: readonly Uint8Array[], from?: number): boolean {
    return this.out.write(message, envelope, from)
  }

  /** Takes messages from index `from` on, as far as they are one frame of octets each and there is room. Answers how many. */
  writeMany(messages: readonly unknown[], from: number): number {
    return this.out.writeMany(messages, from)
  }

  /** What comes next; a message's or topic's first frame is then in `head`. */
  next(): Request | 'message' | undefined {
    const queue = this.in
    if (!queue.peek()) return undefined
    return (queue.flags & COMMAND) === 0 ? 'message' : this.#request()
  }

  /** After `next()`: the first frame of what comes next is the octets `[from, to)` of `bytes`. Not to be kept. */
  get head(): { readonly bytes: Buffer; readonly from: number; readonly to: number } {
    return this.in
  }

  /** The next message with `lead` as its first frame; of a request its topic as the only frame. */
  read(lead?: Buffer): Buffer[] | undefined {
    const queue = this.in
    const message = queue.read(this.#frames, lead)
    if (message === undefined) return undefined
    if ((queue.flags & COMMAND) !== 0) {
      const body = message[message.length - 1]! // a command is one frame
      message.length = 1
      message[0] = body.subarray(1 + body[0]!)
    }
    this.#carrier.drained()
    return message
  }

  /** The next message that `filter` wants; those before it, and requests, are dropped. */
  readWanted(filter: Filter): Buffer[] | undefined {
    const message = this.in.readWanted(this.#frames, filter)
    this.#carrier.drained()
    return message
  }

  /** The next messages, added to `into` until it has `max`; what `filter` does not want, and requests, are dropped. */
  readMany(into: Buffer[][], max: number, filter?: Filter): void {
    this.in.readMany(this.#frames, into, max, filter)
    this.#carrier.drained()
  }

  /** The next messages, packed, until `into` has `max` or enough octets; what `filter` does not want, and requests, are dropped. */
  readPacked(into: Packing, max: number, filter?: Filter): void {
    this.in.readPacked(into, max, filter)
    this.#carrier.drained()
  }

  /** Drops what comes next. */
  skip(): void {
    this.in.skip()
    this.#carrier.drained()
  }

  /** Puts a message at the end of what is to be read, whatever the mark is. */
  inject(message: readonly Uint8Array[]): void {
    this.in.inject(message)
  }

  /** Tells the peer a request, outside the mark, in order with what is written. */
  request(request: Request, topic: Uint8Array): void {
    this.out.command(encodeCommand(VERBS[request], topic))
  }

  /**
   * Takes back the requests that wait to be sent. Where messages wait, subscriptions to `topics` are put before them (true);
   * otherwise nothing is (false). What was taken in part has been dropped before.
   */
  renew(topics: Iterable<Uint8Array>): boolean {
    const queue = this.out
    const messages: Buffer[][] = []
    while (queue.peek()) {
      const message = (queue.flags & COMMAND) === 0 ? queue.read(this.#frames) : queue.skip()
      if (message !== undefined) messages.push(message)
    }
    if (messages.length === 0) return false
    for (const topic of topics) this.request('subscribe', topic)
    for (const message of messages) queue.inject(message)
    return true
  }

  #request(): Request | undefined {
    const { bytes, from, to } = this.in
    for (const request of REQUESTS) if (isCommand(VERBS[request], bytes, from, to)) return request
    return undefined
  }
}

const NOTHING = Buffer.alloc(0)
const VERBS = { subscribe: 'SUBSCRIBE', cancel: 'CANCEL', join: 'JOIN', leave: 'LEAVE' } as const
const REQUESTS: readonly Request[] = ['subscribe', 'cancel', 'join', 'leave']
