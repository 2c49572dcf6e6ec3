import { encodeCommand, isCommand } from '../wire/command.ts'
import type { ProtocolError } from '../wire/protocol-error.ts'
import { equalSecrets } from './constant-time.ts'
import { boxKeyOf, nonceOf, shortNonce, type CurveCrypto, type CurveSecret } from './curve-keys.ts'
import type {
  HandshakeFailure,
  HandshakeState,
  Mechanism,
  OwnProperties,
  PeerProperties,
  ZapPolicy,
  ZapVerdict,
} from './mechanism.ts'
import { encodeOwnProperties, isFailure, readPeer, withUser } from './properties.ts'
import { protocolFailure, refusal, unexpected } from './refusal.ts'

/**
 * The server of CURVE (RFC 26; the commands are with `CurveClient`). S, s are its permanent keys, S', s' those of this
 * connection, C, C' the client's. The ZAP handler is asked about C; where there is none, everyone with valid boxes is let in,
 * unless the domain is enforced.
 *
 * The cookie is 96 random octets that the same connection has to bring back: this server keeps C' and s' beside the connection
 * anyway, so that sealing them into the cookie, as a server without state must, would only cost a box each way.
 */
export class CurveServer implements Mechanism {
  readonly #own: OwnProperties
  readonly #secret: CurveSecret
  readonly #crypto: CurveCrypto
  readonly #zap: ZapPolicy | undefined
  #step: Step = { is: 'hello' }
  #state: HandshakeState = RUNNING
  #token: Uint8Array | undefined

  constructor(own: OwnProperties, secret: CurveSecret, crypto: CurveCrypto, zap?: ZapPolicy) {
    this.#own = own
    this.#secret = secret
    this.#crypto = crypto
    this.#zap = zap
  }

  get state(): HandshakeState {
    return this.#state
  }

  next(): Uint8Array | undefined {
    const token = this.#token
    this.#token = undefined
    const step = this.#step
    if (token !== undefined && step.is === 'ready' && this.#state.is === 'running') {
      const cipher = this.#crypto.suite.cipher(step.key, 'server', step.peerNonce)
      step.key.fill(0)
      this.#state = { is: 'done', peer: step.peer, cipher }
    }
    return token
  }

  receive(buffer: Uint8Array, start: number, end: number): void {
    if (this.#state.is !== 'running') return
    const step = this.#step
    if (step.is === 'hello' && isCommand('HELLO', buffer, start, end)) return this.#hello(buffer, start, end)
    if (step.is === 'initiate' && isCommand('INITIATE', buffer, start, end))
      return this.#initiate(step, buffer, start, end)
    this.#fail(unexpected(buffer, start, end))
  }

  authenticated(verdict: ZapVerdict): void {
    const step = this.#step
    if (this.#state.is !== 'authenticating' || step.is !== 'ready') return
    const refused = refusal(verdict, this.#zap?.enforceDomain ?? false)
    if (refused !== undefined) {
      this.#fail(refused.failure)
      this.#token = refused.token
      return
    }
    const nonce = shortNonce(1)
    const { suite } = this.#crypto
    const metadata = suite.seal(step.key, nonceOf('CurveZMQREADY---', nonce), encodeOwnProperties(this.#own))
    this.#token = encodeCommand('READY', nonce, metadata)
    this.#step = { ...step, peer: withUser(step.peer, verdict) }
    this.#state = RUNNING
  }

  wipe(): void {
    if (this.#step.is === 'ready') this.#step.key.fill(0)
    this.#token = undefined
  }

  #hello(buffer: Uint8Array, start: number, end: number): void {
    if (end - start !== 200) return this.#reject('ZMTP_MALFORMED_HELLO', 'a CURVE HELLO has 200 octets')
    if (buffer[start + 6] !== 1 || buffer[start + 7] !== 0) {
      return this.#reject('ZMTP_MALFORMED_HELLO', 'the peer speaks another version of CURVE than 1.0')
    }
    const { suite, random } = this.#crypto
    const clientTransient = copy(buffer, start + 80, start + 112)
    const key = boxKeyOf(this.#crypto, this.#secret, clientTransient)
    const nonce = nonceOf('CurveZMQHELLO---', buffer.subarray(start + 112, start + 120))
    if (key === undefined || suite.open(key, nonce, buffer.subarray(start + 120, end)) === undefined) {
      return this.#cryptographic('HELLO')
    }
    // Only now, so that a forged HELLO costs one X25519 and no key pair.
    const transient = this.#crypto.keyPair()
    const cookie = random(96)
    const plain = new Uint8Array(128)
    plain.set(transient.publicKey)
    plain.set(cookie, 32)
    const welcomeNonce = random(16)
    this.#token = encodeCommand('WELCOME', welcomeNonce, suite.seal(key, nonceOf('WELCOME-', welcomeNonce), plain))
    key.fill(0)
    this.#step = { is: 'initiate', transient, clientTransient, cookie }
  }

  #initiate(step: InitiateStep, buffer: Uint8Array, start: number, end: number): void {
    if (end - start < 257) return this.#reject('ZMTP_MALFORMED_INITIATE', 'a CURVE INITIATE has 257 octets or more')
    if (!equalSecrets(step.cookie, buffer.subarray(start + 9, start + 105))) return this.#cryptographic('INITIATE')
    const { suite } = this.#crypto
    const peerNonce = copy(buffer, start + 105, start + 113)
    const key = boxKeyOf(this.#crypto, step.transient, step.clientTransient)
    if (key === undefined) return this.#cryptographic('INITIATE')
    const plain = suite.open(key, nonceOf('CurveZMQINITIATE', peerNonce), buffer.subarray(start + 113, end))
    if (plain === undefined) return this.#cryptographic('INITIATE')
    const client = copy(plain, 0, 32)
    const vouchKey = boxKeyOf(this.#crypto, step.transient, client)
    if (vouchKey === undefined) return this.#cryptographic('INITIATE')
    const vouch = suite.open(vouchKey, nonceOf('VOUCH---', plain.subarray(32, 48)), plain.subarray(48, 128))
    vouchKey.fill(0)
    if (vouch === undefined) return this.#cryptographic('INITIATE')
    const expected = new Uint8Array(64)
    expected.set(step.clientTransient)
    expected.set(this.#secret.publicKey, 32)
    if (!equalSecrets(expected, vouch)) {
      return this.#reject('ZMTP_KEY_EXCHANGE', 'the client vouches for another connection or another server')
    }
    const peer = readPeer(this.#own, plain, 128, plain.length)
    if (isFailure(peer)) return this.#fail(peer)
    this.#step = { is: 'ready', key, peer, peerNonce }
    this.#state = { is: 'authenticating', request: { mechanism: 'CURVE', credentials: [client] } }
  }

  #cryptographic(command: string): void {
    this.#reject('ZMTP_CRYPTOGRAPHIC', `the peer's ${command} was not sealed with the keys it should be`)
  }

  #reject(error: ProtocolError, message: string): void {
    this.#fail(protocolFailure(error, message))
  }

  #fail(failure: HandshakeFailure): void {
    this.wipe()
    this.#state = { is: 'failed', failure }
  }
}

type InitiateStep = {
  readonly is: 'initiate'
  readonly transient: CurveSecret
  readonly clientTransient: Uint8Array
  readonly cookie: Uint8Array
}
type ReadyStep = {
  readonly is: 'ready'
  readonly key: Uint8Array
  readonly peer: PeerProperties
  readonly peerNonce: Uint8Array
}
type Step = { readonly is: 'hello' } | InitiateStep | ReadyStep

const RUNNING: HandshakeState = { is: 'running' }

// Not `slice`: a Buffer's is a view.
function copy(buffer: Uint8Array, start: number, end: number): Uint8Array {
  return new Uint8Array(buffer.subarray(start, end))
}
