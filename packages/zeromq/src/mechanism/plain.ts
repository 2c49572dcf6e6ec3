import { encodeCommand, isCommand } from '../wire/command.ts'
import type {
  HandshakeFailure,
  HandshakeState,
  Mechanism,
  OwnProperties,
  PeerProperties,
  ZapVerdict,
} from './mechanism.ts'
import { encodePlainError, normalizePlainError } from './plain-error.ts'
import { encodeOwnProperties, isFailure, readPeer, withUser } from './properties.ts'
import { protocolFailure, refusal, unexpected } from './refusal.ts'

/** What a PLAIN client says of itself: 0 to 255 octets each. */
export interface PlainCredentials {
  readonly username: Uint8Array
  readonly password: Uint8Array
}

/**
 * The client of PLAIN (RFC 24). The password crosses the wire in the clear.
 *
 *     C: HELLO    = %d5 "HELLO" username-length username password-length password
 *     S: WELCOME  = %d7 "WELCOME"                 ; or ERROR
 *     C: INITIATE = %d8 "INITIATE" metadata
 *     S: READY    = %d5 "READY" metadata          ; or ERROR
 */
export class PlainClient implements Mechanism {
  readonly #own: OwnProperties
  #waitsFor: 'WELCOME' | 'READY' = 'WELCOME'
  #state: HandshakeState = RUNNING
  #token: Uint8Array | undefined

  /** Throws RangeError where a credential is longer than 255 octets. */
  constructor(own: OwnProperties, { username, password }: PlainCredentials) {
    if (username.length > 255 || password.length > 255) {
      throw new RangeError('a PLAIN user name and password have at most 255 octets each')
    }
    this.#own = own
    this.#token = encodeCommand(
      'HELLO',
      Uint8Array.of(username.length),
      username,
      Uint8Array.of(password.length),
      password,
    )
  }

  get state(): HandshakeState {
    return this.#state
  }

  next(): Uint8Array | undefined {
    const token = this.#token
    this.#token = undefined
    return token
  }

  receive(buffer: Uint8Array, start: number, end: number): void {
    if (this.#state.is !== 'running') return
    if (!isCommand(this.#waitsFor, buffer, start, end)) {
      const token = normalizePlainError(buffer, start, end)
      return this.#fail(unexpected(token, 0, token.length))
    }
    switch (this.#waitsFor) {
      case 'WELCOME':
        if (end - start !== 8)
          return this.#fail(protocolFailure('ZMTP_MALFORMED_WELCOME', 'a PLAIN WELCOME has no data'))
        this.#waitsFor = 'READY'
        this.#token = encodeCommand('INITIATE', encodeOwnProperties(this.#own))
        return
      case 'READY': {
        const peer = readPeer(this.#own, buffer, start + 6, end)
        if (isFailure(peer)) return this.#fail(peer)
        this.#state = { is: 'done', peer, cipher: undefined }
      }
    }
  }

  /** A client asks nobody. */
  authenticated(_verdict: ZapVerdict): void {}

  wipe(): void {
    this.#token?.fill(0)
    this.#token = undefined
  }

  #fail(failure: HandshakeFailure): void {
    this.wipe()
    this.#state = { is: 'failed', failure }
  }
}

/** The server of PLAIN (RFC 24). The ZAP handler decides, and without one nobody gets in. */
export class PlainServer implements Mechanism {
  readonly #own: OwnProperties
  #waitsFor: 'HELLO' | 'INITIATE' = 'HELLO'
  #state: HandshakeState = RUNNING
  #token: Uint8Array | undefined
  #verdict: ZapVerdict | undefined
  #peer: PeerProperties | undefined

  constructor(own: OwnProperties) {
    this.#own = own
  }

  get state(): HandshakeState {
    return this.#state
  }

  next(): Uint8Array | undefined {
    const token = this.#token
    this.#token = undefined
    if (token !== undefined && this.#peer !== undefined) {
      this.#state = { is: 'done', peer: withUser(this.#peer, this.#verdict), cipher: undefined }
    }
    return token
  }

  receive(buffer: Uint8Array, start: number, end: number): void {
    // A peer that sends INITIATE before it has our WELCOME has not done the handshake.
    if (this.#state.is !== 'running') return
    if (!isCommand(this.#waitsFor, buffer, start, end) || this.#token !== undefined) {
      return this.#fail(unexpected(buffer, start, end))
    }
    if (this.#waitsFor === 'HELLO') this.#hello(buffer, start + 6, end)
    else this.#initiate(buffer, start + 9, end)
  }

  authenticated(verdict: ZapVerdict): void {
    if (this.#state.is !== 'authenticating') return
    const refused = refusal(verdict, true)
    if (refused !== undefined) {
      const { failure, token } = refused
      this.#token = token !== undefined && failure.is === 'auth' ? encodePlainError(failure.status) : token
      this.#state = { is: 'failed', failure: refused.failure }
      return
    }
    this.#verdict = verdict
    this.#waitsFor = 'INITIATE'
    this.#state = RUNNING
    this.#token = encodeCommand('WELCOME')
  }

  wipe(): void {
    if (this.#state.is === 'authenticating') for (const part of this.#state.request.credentials) part.fill(0)
  }

  #hello(buffer: Uint8Array, start: number, end: number): void {
    const usernameEnd = start + 1 + (buffer[start] ?? 0)
    const passwordEnd = usernameEnd + 1 + (buffer[usernameEnd] ?? 0)
    if (start >= end || usernameEnd >= end || passwordEnd !== end) {
      return this.#fail(protocolFailure('ZMTP_MALFORMED_HELLO', 'the peer sent a PLAIN HELLO that cannot be read'))
    }
    const username = new Uint8Array(buffer.subarray(start + 1, usernameEnd))
    const password = new Uint8Array(buffer.subarray(usernameEnd + 1, passwordEnd))
    this.#state = { is: 'authenticating', request: { mechanism: 'PLAIN', credentials: [username, password] } }
  }

  #initiate(buffer: Uint8Array, start: number, end: number): void {
    const peer = readPeer(this.#own, buffer, start, end)
    if (isFailure(peer)) return this.#fail(peer)
    this.#peer = peer
    this.#token = encodeCommand('READY', encodeOwnProperties(this.#own))
  }

  #fail(failure: HandshakeFailure): void {
    this.#token = undefined
    this.#state = { is: 'failed', failure }
  }
}

const RUNNING: HandshakeState = { is: 'running' }
