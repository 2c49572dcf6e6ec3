import { encodeCommand, isCommand } from '../wire/command.ts'
import { boxKeyOf, nonceOf, shortNonce, type CurveCrypto, type CurveSecret } from './curve-keys.ts'
import type { HandshakeFailure, HandshakeState, Mechanism, OwnProperties, ZapVerdict } from './mechanism.ts'
import { encodeOwnProperties, isFailure, readPeer } from './properties.ts'
import { protocolFailure, unexpected } from './refusal.ts'

/** A CURVE client's keys: its permanent pair, and the server's permanent public key, which it has from elsewhere. */
export interface CurveClientKeys {
  readonly secret: CurveSecret
  readonly serverKey: Uint8Array
  /** The public key to name to the server, where it is given apart; if it does not belong to the secret one the server refuses. */
  readonly publicKey?: Uint8Array
}

/**
 * The client of CURVE (RFC 26). C, c are its permanent keys, C', c' those of this connection, S, S' the server's.
 *
 *     C: HELLO    = %d5 "HELLO" %x01 %x00 72%x00 C' nonce8 Box[64%x00](c'->S)
 *     S: WELCOME  = %d7 "WELCOME" nonce16 Box[S' cookie](s->C')
 *     C: INITIATE = %d8 "INITIATE" cookie nonce8 Box[C nonce16 vouch metadata](c'->S')
 *        vouch    = Box[C' S](c->S')
 *     S: READY    = %d5 "READY" nonce8 Box[metadata](s'->C')
 */
export class CurveClient implements Mechanism {
  readonly #own: OwnProperties
  readonly #crypto: CurveCrypto
  readonly #keys: CurveClientKeys
  #step: Step
  #state: HandshakeState = RUNNING
  #token: Uint8Array | undefined

  constructor(own: OwnProperties, keys: CurveClientKeys, crypto: CurveCrypto) {
    this.#own = own
    this.#keys = keys
    this.#crypto = crypto
    const transient = crypto.keyPair()
    const key = boxKeyOf(crypto, transient, keys.serverKey)
    this.#step = { waitsFor: 'WELCOME', transient, key: key ?? EMPTY }
    if (key === undefined) {
      this.#fail(protocolFailure('ZMTP_KEY_EXCHANGE', 'the server key is not a usable key'))
      return
    }
    const nonce = shortNonce(1)
    const signature = crypto.suite.seal(key, nonceOf('CurveZMQHELLO---', nonce), new Uint8Array(64))
    this.#token = encodeCommand('HELLO', VERSION_AND_PADDING, transient.publicKey, nonce, signature)
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
    const step = this.#step
    if (!isCommand(step.waitsFor, buffer, start, end)) return this.#fail(unexpected(buffer, start, end))
    if (step.waitsFor === 'WELCOME') this.#welcome(step, buffer, start, end)
    else this.#ready(step, buffer, start, end)
  }

  /** A client asks nobody. */
  authenticated(_verdict: ZapVerdict): void {}

  wipe(): void {
    this.#step.key.fill(0)
    this.#token = undefined
  }

  #welcome({ transient, key }: WelcomeStep, buffer: Uint8Array, start: number, end: number): void {
    if (end - start !== 168) {
      return this.#fail(protocolFailure('ZMTP_MALFORMED_WELCOME', 'a CURVE WELCOME has 168 octets'))
    }
    const { suite } = this.#crypto
    const nonce = nonceOf('WELCOME-', buffer.subarray(start + 8, start + 24))
    const plain = suite.open(key, nonce, buffer.subarray(start + 24, end))
    key.fill(0)
    if (plain === undefined) return this.#fail(cryptographic('WELCOME'))
    const serverTransient = plain.slice(0, 32)
    const sessionKey = boxKeyOf(this.#crypto, transient, serverTransient)
    const vouchKey = boxKeyOf(this.#crypto, this.#keys.secret, serverTransient)
    if (sessionKey === undefined || vouchKey === undefined) return this.#fail(cryptographic('WELCOME'))
    this.#token = this.#initiate(transient, sessionKey, vouchKey, plain.slice(32))
    vouchKey.fill(0)
    this.#step = { waitsFor: 'READY', key: sessionKey }
  }

  #initiate(transient: CurveSecret, key: Uint8Array, vouchKey: Uint8Array, cookie: Uint8Array): Uint8Array {
    const { suite, random } = this.#crypto
    const vouchNonce = random(16)
    const vouch = suite.seal(
      vouchKey,
      nonceOf('VOUCH---', vouchNonce),
      concat(transient.publicKey, this.#keys.serverKey),
    )
    const plain = concat(
      this.#keys.publicKey ?? this.#keys.secret.publicKey,
      vouchNonce,
      vouch,
      encodeOwnProperties(this.#own),
    )
    const nonce = shortNonce(2)
    return encodeCommand('INITIATE', cookie, nonce, suite.seal(key, nonceOf('CurveZMQINITIATE', nonce), plain))
  }

  #ready({ key }: ReadyStep, buffer: Uint8Array, start: number, end: number): void {
    if (end - start < 30)
      return this.#fail(protocolFailure('ZMTP_MALFORMED_READY', 'a CURVE READY has 30 octets or more'))
    const nonce = buffer.subarray(start + 6, start + 14)
    const metadata = this.#crypto.suite.open(key, nonceOf('CurveZMQREADY---', nonce), buffer.subarray(start + 14, end))
    if (metadata === undefined) return this.#fail(cryptographic('READY'))
    const peer = readPeer(this.#own, metadata, 0, metadata.length)
    if (isFailure(peer)) return this.#fail(peer)
    this.#state = { is: 'done', peer, cipher: this.#crypto.suite.cipher(key, 'client', nonce) }
    key.fill(0)
  }

  #fail(failure: HandshakeFailure): void {
    this.wipe()
    this.#state = { is: 'failed', failure }
  }
}

type WelcomeStep = { readonly waitsFor: 'WELCOME'; readonly transient: CurveSecret; readonly key: Uint8Array }
type ReadyStep = { readonly waitsFor: 'READY'; readonly key: Uint8Array }
type Step = WelcomeStep | ReadyStep

const RUNNING: HandshakeState = { is: 'running' }
const EMPTY = new Uint8Array(0)
const VERSION_AND_PADDING = Uint8Array.of(1, 0, ...new Uint8Array(72))

function cryptographic(command: string): HandshakeFailure {
  return protocolFailure('ZMTP_CRYPTOGRAPHIC', `the peer's ${command} was not sealed with the keys it should be`)
}

function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0))
  let offset = 0
  for (const part of parts) {
    whole.set(part, offset)
    offset += part.length
  }
  return whole
}
