import { encodeCommand, isCommand } from '../wire/command.ts'
import type {
  HandshakeState,
  Mechanism,
  OwnProperties,
  PeerProperties,
  ZapPolicy,
  ZapRequest,
  ZapVerdict,
} from './mechanism.ts'
import { encodeOwnProperties, isFailure, readPeer, withUser } from './properties.ts'
import { refusal, unexpected } from './refusal.ts'

/**
 * NULL (RFC 37 §3.3.2): both sides send READY with their metadata, neither waits for the other.
 * With a ZAP domain our READY is held until the handler has answered, on both sides, as libzmq does.
 */
export class NullMechanism implements Mechanism {
  readonly #own: OwnProperties
  readonly #zap: ZapPolicy | undefined
  #state: HandshakeState
  #verdict: ZapVerdict | undefined
  #peer: PeerProperties | undefined
  #ready: Uint8Array | undefined
  #sent = false

  constructor(own: OwnProperties, zap?: ZapPolicy) {
    this.#own = own
    this.#zap = zap
    this.#state = zap !== undefined && zap.domain !== '' ? ASKING : RUNNING
    if (this.#state === RUNNING) this.#ready = encodeCommand('READY', encodeOwnProperties(own))
  }

  get state(): HandshakeState {
    return this.#state
  }

  next(): Uint8Array | undefined {
    const token = this.#ready
    if (token === undefined) return undefined
    this.#ready = undefined
    this.#sent = true
    this.#settle()
    return token
  }

  receive(buffer: Uint8Array, start: number, end: number): void {
    if (this.#state.is === 'failed' || this.#state.is === 'done') return
    if (!isCommand('READY', buffer, start, end) || this.#peer !== undefined) {
      this.#state = { is: 'failed', failure: unexpected(buffer, start, end) }
      this.#ready = undefined
      return
    }
    const peer = readPeer(this.#own, buffer, start + 6, end)
    if (isFailure(peer)) {
      // Our READY still goes out: it is how the peer learns that it cannot talk to us, and need not come back.
      this.#state = { is: 'failed', failure: peer }
      return
    }
    this.#peer = peer
    this.#settle()
  }

  authenticated(verdict: ZapVerdict): void {
    if (this.#state.is !== 'authenticating') return
    const refused = refusal(verdict, this.#zap?.enforceDomain ?? false)
    if (refused !== undefined) {
      this.#state = { is: 'failed', failure: refused.failure }
      this.#ready = refused.token
      return
    }
    this.#verdict = verdict
    this.#state = RUNNING
    this.#ready = encodeCommand('READY', encodeOwnProperties(this.#own))
  }

  /** There are no secrets here. */
  wipe(): void {}

  #settle(): void {
    if (this.#state.is !== 'running' || !this.#sent || this.#peer === undefined) return
    this.#state = { is: 'done', peer: withUser(this.#peer, this.#verdict), cipher: undefined }
  }
}

const REQUEST: ZapRequest = { mechanism: 'NULL', credentials: [] }
const ASKING: HandshakeState = { is: 'authenticating', request: REQUEST }
const RUNNING: HandshakeState = { is: 'running' }
