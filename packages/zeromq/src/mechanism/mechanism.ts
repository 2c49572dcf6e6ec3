import type { Cipher } from '../cipher/cipher.ts'
import type { ProtocolError } from '../wire/protocol-error.ts'
import type { SocketType } from '../wire/socket-type.ts'

/** The security mechanisms of ZMTP that we speak; both peers have to announce the same one. */
export type MechanismName = 'NULL' | 'PLAIN' | 'CURVE'

/**
 * One side of a security handshake (RFC 37 §3.3): tokens in, tokens out, until it is done or has failed.
 * A token is the body of a command frame (name and data). The caller, the engine, does this until `state` settles:
 * send every `next()` as a COMMAND frame, hand each command frame's body that arrives to `receive`; while the state is
 * 'authenticating' it reads no further and calls `authenticated` with the verdict.
 */
export interface Mechanism {
  readonly state: HandshakeState
  /** The next token to send, or undefined when there is none now. Also after a failure: an ERROR to send before closing. */
  next(): Uint8Array | undefined
  /** Takes a token: the octets `[start, end)` of a command frame's body. Nothing of `buffer` is kept. */
  receive(buffer: Uint8Array, start: number, end: number): void
  /** Answers `state.request`. Ignored when nothing is being asked. */
  authenticated(verdict: ZapVerdict): void
  /** Forgets every secret of the handshake. A cipher that was handed over is not touched. */
  wipe(): void
}

/** Where a handshake stands. */
export type HandshakeState =
  | { readonly is: 'running' }
  | { readonly is: 'authenticating'; readonly request: ZapRequest }
  | { readonly is: 'done'; readonly peer: PeerProperties; readonly cipher: Cipher | undefined }
  | { readonly is: 'failed'; readonly failure: HandshakeFailure }

/** What the peer said of itself, and what the ZAP handler said of it. */
export interface PeerProperties {
  readonly socketType: string | undefined
  /** The peer's routing id, empty when it has none. A copy. */
  readonly routingId: Uint8Array
  /** Every property as the peer named it ("Socket-Type", "X-…"), then the handler's ("User-Id", …). The first of a name counts. */
  readonly properties: ReadonlyMap<string, Uint8Array>
}

/**
 * Why a handshake failed.
 * - 'protocol': the peer did not keep to the protocol (monitor HANDSHAKE_FAILED_PROTOCOL; no reconnect).
 * - 'auth': refused, with ZAP's status (monitor HANDSHAKE_FAILED_AUTH). On the client: no reconnect. On the server a status
 *   of 300 sends nothing: the client comes back.
 * - 'no-detail': a handler that has to be there is not (monitor HANDSHAKE_FAILED_NO_DETAIL with EFAULT), or the peer sent
 *   ERROR with a reason that is not a status.
 */
export type HandshakeFailure =
  | { readonly is: 'protocol'; readonly error: ProtocolError; readonly message: string }
  | { readonly is: 'auth'; readonly status: 300 | 400 | 500; readonly message: string }
  | { readonly is: 'no-detail'; readonly message: string }

/** The question to the ZAP handler (RFC 27), without what only the session knows: domain, address, identity. */
export interface ZapRequest {
  readonly mechanism: MechanismName
  /** NULL: none. PLAIN: user name and password. CURVE: the client's public key, 32 octets. */
  readonly credentials: readonly Uint8Array[]
}

/** The handler's answer. 'absent' when there is no handler; 'invalid' when its reply was not ZAP. */
export type ZapVerdict =
  | {
      readonly is: 'reply'
      readonly status: 200
      readonly userId: string
      readonly metadata: ReadonlyMap<string, Uint8Array>
    }
  | { readonly is: 'reply'; readonly status: 300 | 400 | 500; readonly text?: string }
  | { readonly is: 'absent' }
  | { readonly is: 'invalid'; readonly error: ProtocolError }

/** What every mechanism has to know of its own side. */
export interface OwnProperties {
  readonly socketType: SocketType
  /** Announced for REQ, DEALER and ROUTER alone, as libzmq does. At most 255 octets. */
  readonly routingId: Uint8Array
  /** The application's own properties (ZMQ_METADATA); the names begin with "X-". */
  readonly metadata?: ReadonlyMap<string, Uint8Array>
}

/** How the accepting side authenticates. NULL asks when `domain` is not empty, PLAIN always, CURVE always. */
export interface ZapPolicy {
  readonly domain: string
  /** ZMQ_ZAP_ENFORCE_DOMAIN: without a handler NULL (with a domain) and CURVE fail too, as PLAIN always does. */
  readonly enforceDomain: boolean
}
