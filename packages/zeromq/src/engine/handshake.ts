import type { Mechanism, PeerProperties } from '../mechanism/mechanism.ts'
import { COMMAND, FrameHeader, writeHeader, writeHeaderOne } from '../wire/frame.ts'
import { Greeting, type GreetingOffer, type Protocol } from '../wire/greeting.ts'
import type { HandshakeFailure, ZapRequest } from '../mechanism/mechanism.ts'
import type { ProtocolError } from '../wire/protocol-error.ts'
import { acceptsPeer } from '../wire/socket-type.ts'

/** What a handshake needs to know of its own side. */
export interface HandshakeOptions extends Omit<GreetingOffer, 'routingIdSize'> {
  readonly routingId: Uint8Array
  /** Made when the peer turns out to speak ZMTP 3. */
  readonly createMechanism: () => Mechanism
}

/** How far the handshake is after a call. 'waiting': for octets; 'authenticating': for a verdict, whatever comes. */
export type HandshakeStep =
  | { readonly is: 'waiting' }
  | { readonly is: 'authenticating'; readonly request: ZapRequest }
  | {
      readonly is: 'done'
      readonly protocol: Protocol
      readonly peer: PeerProperties
      readonly mechanism: Mechanism | undefined
    }
  | { readonly is: 'failed'; readonly failure: HandshakeFailure }

/** From the first octet of a connection to its first message: greeting, then mechanism (ZMTP 3) or routing id (before). */
export class Handshake {
  /** After `read`: how many octets were used. */
  used = 0
  readonly #options: HandshakeOptions
  readonly #greeting: Greeting
  readonly #send: (octets: Uint8Array) => void
  readonly #header = new FrameHeader()
  #protocol: Protocol | undefined
  #mechanism: Mechanism | undefined
  #peerType: string | undefined
  #asked = false

  constructor(options: HandshakeOptions, send: (octets: Uint8Array) => void) {
    this.#options = options
    this.#send = send
    this.#greeting = new Greeting({ ...options, routingIdSize: options.routingId.length })
    this.#say()
  }

  /** True once anything of the mechanism was said or heard, so that a failure is the mechanism's. */
  get protocol(): Protocol | undefined {
    return this.#protocol
  }

  /** Looks at the octets that have come and were not used. */
  read(buffer: Uint8Array, start: number, end: number): HandshakeStep {
    this.used = 0
    if (this.#protocol === undefined) {
      const state = this.#greeting.read(buffer, start, end)
      this.#say()
      if (state.is === 'waiting') return WAITING
      if (state.is === 'failed') {
        return { is: 'failed', failure: { is: 'protocol', error: state.error, message: state.message } }
      }
      this.#protocol = state.protocol
      this.#peerType = state.peerType
      this.used = state.size
      if (state.protocol === '3.0' || state.protocol === '3.1') {
        this.#mechanism = this.#options.createMechanism()
      } else {
        this.#sayRoutingId(state.protocol)
      }
    }
    return this.#mechanism === undefined
      ? this.#readRoutingId(buffer, start + this.used, end)
      : this.#readTokens(this.#mechanism, buffer, start, end)
  }

  /** Goes on after a verdict was given to the mechanism. */
  proceed(): HandshakeStep {
    this.used = 0
    this.#asked = false
    return this.#mechanism === undefined ? WAITING : this.#readTokens(this.#mechanism, NOTHING, 0, 0)
  }

  get mechanism(): Mechanism | undefined {
    return this.#mechanism
  }

  #say(): void {
    for (let part = this.#greeting.next(); part !== undefined; part = this.#greeting.next()) this.#send(part)
  }

  #readTokens(mechanism: Mechanism, buffer: Uint8Array, start: number, end: number): HandshakeStep {
    const header = this.#header
    for (;;) {
      for (let token = mechanism.next(); token !== undefined; token = mechanism.next()) this.#sayToken(token)
      const state = mechanism.state
      if (state.is === 'failed') return state
      if (state.is === 'done') {
        const protocol = this.#protocol! // a mechanism begins after the greeting
        return { is: 'done', protocol, peer: state.peer, mechanism }
      }
      if (state.is === 'authenticating') {
        if (this.#asked) return WAITING
        this.#asked = true
        return state
      }
      const at = start + this.used
      if (!header.read(buffer, at, end)) return WAITING
      if (header.size > LARGEST_TOKEN) return malformed(`a handshake command of ${header.size} octets`)
      const from = at + header.length
      if (from + header.size > end) return WAITING
      if ((header.flags & COMMAND) === 0) return malformed(EARLY, 'ZMTP_UNEXPECTED_COMMAND')
      this.used += header.length + header.size
      mechanism.receive(buffer, from, from + header.size)
    }
  }

  #sayToken(token: Uint8Array): void {
    const frame = new Uint8Array(token.length + 9)
    const at = writeHeader(frame, 0, COMMAND, token.length)
    frame.set(token, at)
    this.#send(frame.subarray(0, at + token.length))
  }

  // RFC 15 and RFC 13: the first frame each way is the routing id.
  #sayRoutingId(protocol: Protocol): void {
    const id = this.#options.routingId
    if (protocol === '1.0-unversioned') {
      // The 10 octets of our signature were the header of this frame.
      this.#send(id)
      return
    }
    const frame = new Uint8Array(id.length + 10)
    const at = protocol === '2.0' ? writeHeader(frame, 0, 0, id.length) : writeHeaderOne(frame, 0, 0, id.length)
    frame.set(id, at)
    this.#send(frame.subarray(0, at + id.length))
  }

  #readRoutingId(buffer: Uint8Array, start: number, end: number): HandshakeStep {
    const protocol = this.#protocol! // read() has set it
    const header = this.#header
    const two = protocol === '2.0'
    if (!(two ? header.read(buffer, start, end) : header.readOne(buffer, start, end))) return WAITING
    if (header.size < 0 || header.size > 255) return malformed(`a routing id of ${header.size} octets`)
    const from = start + header.length
    if (from + header.size > end) return WAITING
    this.used += header.length + header.size
    const socketType = this.#peerType
    if (two && (socketType === undefined || !acceptsPeer(this.#options.socketType, socketType))) {
      return malformed(`itself as ${socketType ?? 'nothing known'}, which cannot talk to ${this.#options.socketType}`)
    }
    const routingId = Uint8Array.from(buffer.subarray(from, from + header.size))
    return { is: 'done', protocol, peer: { socketType, routingId, properties: new Map() }, mechanism: undefined }
  }
}

const WAITING: HandshakeStep = { is: 'waiting' }
const NOTHING = new Uint8Array(0)
/** Octets of the longest handshake command that is waited for; metadata are the only part that varies. */
const LARGEST_TOKEN = 64 * 1024

const EARLY = 'a message before the end of the handshake'

function malformed(what: string, error: ProtocolError = 'ZMTP_UNSPECIFIED'): HandshakeStep {
  return { is: 'failed', failure: { is: 'protocol', error, message: `the peer sent ${what}` } }
}
