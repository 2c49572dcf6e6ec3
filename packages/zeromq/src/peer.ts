/* oxlint-disable typescript/no-unsafe-declaration-merging -- as `sockets.ts`: send and receive come from Writable and Readable. */
import { ZmqError } from './errors.ts'
import { defineOptions, READABLE, WRITABLE } from './option-properties.ts'
import type { Peer as PatternPeer } from './pattern/pattern.ts'
import type { Pipe } from './pipe/pipe.ts'
import { internals } from './socket.ts'
import { type Message, type MessageLike, type Readable, Socket, type SocketOptions, type Writable } from './sockets.ts'

/** A SERVER that can connect (RFC 51): single frames, each with the routing id of its peer. */
export class Peer extends Socket {
  constructor(options?: SocketOptions<Peer>) {
    super(19, options)
  }

  /** Connects, and tells the routing id under which the other is known here (`zmq_connect_peer`). */
  connectPeer(address: string): number {
    const core = internals(this)
    core.check()
    const pipe = core.endpoints.connect(address)
    const id = pipe === undefined ? undefined : core.pattern.ids?.of(pipe)
    // IMMEDIATE: there is no pipe before the connection.
    if (id === undefined) throw new ZmqError('EINVAL', { address, message: 'connectPeer needs immediate to be false' })
    return Buffer.from(id).readUInt32BE()
  }

  /** Ends the connection of one peer (`zmq_disconnect_peer`). Throws EHOSTUNREACH when there is none of this id. */
  disconnectPeer(routingId: number): void {
    const core = internals(this)
    core.check()
    const id = Buffer.alloc(4)
    id.writeUInt32BE(routingId)
    const peer: PatternPeer | undefined = core.pattern.ids?.peer(id)
    if (peer === undefined) throw new ZmqError('EHOSTUNREACH')
    core.endpoints.drop(peer as Pipe)
  }
}

/** Which peer a message is from, or for. */
export interface PeerRoutingOptions {
  routingId: number
}
export interface Peer extends Readable<[Message, PeerRoutingOptions]>, Writable<MessageLike, [PeerRoutingOptions]> {}

/** A PAIR of single frames (RFC 52). */
export class Channel extends Socket {
  constructor(options?: SocketOptions<Channel>) {
    super(20, options)
  }
}
export interface Channel extends Readable<[Message]>, Writable<MessageLike> {}

defineOptions([Peer, Channel], WRITABLE)
defineOptions([Peer, Channel], READABLE)
