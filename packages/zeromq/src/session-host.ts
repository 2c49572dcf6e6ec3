import type { EngineOptions } from './engine/engine.ts'
import type { ZapRequest, ZapVerdict } from './mechanism/mechanism.ts'
import type { MonitorEvent } from './monitor.ts'
import type { Pipe } from './pipe/pipe.ts'
import type { Queue } from './pipe/queue.ts'
import type { QueueEvents } from './pipe/queue-events.ts'
import type { ReconnectOptions } from './reconnection.ts'
import type { FlushPolicy, Scheduler } from './scheduler.ts'
import type { Session } from './session.ts'

/** What a session needs of the socket that it belongs to. */
export interface SessionHost {
  /** LINGER as it is now: -1 without limit. */
  readonly linger: number
  readonly scheduler: Scheduler
  /** Makes the pipe of a session, not yet attached. */
  createPipe(session: Session, out: QueueEvents, into: QueueEvents): Pipe<Queue>
  /** Gives the pipe to the pattern. False: refused, the connection is to be closed. */
  attach(pipe: Pipe): boolean
  linked(pipe: Pipe): boolean
  unlinked(pipe: Pipe): void
  detach(pipe: Pipe): void
  readable(pipe: Pipe): void
  writable(pipe: Pipe): void
  /** Whether SUBSCRIBE and its like are for the pattern. */
  readonly commands: boolean
  readonly flushPolicy: FlushPolicy
  /** Accepted connections whose handshake is not over. */
  readonly handshakes: Set<object>
  /** False for STREAM. */
  readonly speaksZmtp: boolean
  /** HELLO_MSG: the first message on each link; null: none. */
  readonly hello: Uint8Array | null
  /** `signal` aborts when the handshake is over. */
  zap(request: ZapRequest, peer: { address: string; signal: AbortSignal }): ZapVerdict | Promise<ZapVerdict>
  report(event: MonitorEvent): void
  /** The session is over for good. `dropped` messages were never given to a link. */
  ended(session: Session, dropped: number): void
}

/** What of a socket's options a session uses; a snapshot at `bind` or `connect`. */
export interface SessionOptions extends ReconnectOptions {
  readonly endpoint: string
  readonly engine: EngineOptions
  /** True for udp. */
  readonly datagrams: boolean
  readonly immediate: boolean
  readonly handshakeInterval: number
  readonly heartbeatInterval: number
  readonly heartbeatTimeout: number
  readonly heartbeatTtl: number
  /** RECONNECT_STOP: bit 1 refused, 2 handshake failed, 4 after disconnect(). */
  readonly reconnectStop: number
}
