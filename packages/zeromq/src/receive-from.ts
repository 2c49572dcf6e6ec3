import type { Incoming, Peer } from './pattern/pattern.ts'
import type { Pipe } from './pipe/pipe.ts'
import { internals } from './socket.ts'
import type { Message, Readable, Socket } from './sockets.ts'

/** Who sent a message, as far as its handshake told. */
export interface Sender {
  /** The numeric address of the peer, without a port; empty over ipc and inproc. */
  readonly address: string
  /** The routing id that the peer announced; empty when none. */
  readonly identity: Buffer
  /** Socket-Type, X-…, and User-Id and what else the ZAP handler said (`zmq_msg_gets`). Without a prototype. */
  readonly properties: Readonly<Record<string, string>>
}

/** A message with who sent it. */
export interface Received {
  readonly frames: Message[]
  readonly peer: Sender
}

/** Receives as `receive` does, and tells who sent the message. `signal` ends the wait; no message is lost by that. */
export function receiveFrom(socket: Socket & Readable, options: { signal?: AbortSignal } = {}): Promise<Received> {
  return internals(socket).receiveWith(describe, options.signal)
}

function describe(frames: Incoming, peer: Peer | undefined): Received {
  const properties = Object.create(null) as Record<string, string>
  const pipe = peer as Pipe | undefined
  for (const [name, value] of pipe?.properties ?? []) properties[name] = Buffer.from(value).toString()
  return {
    frames,
    peer: { address: pipe?.address ?? '', identity: Buffer.from(pipe?.identity ?? []), properties },
  }
}
