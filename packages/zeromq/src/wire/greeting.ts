import type { ProtocolError } from './protocol-error.ts'
import { socketTypeOctet, socketTypeOfOctet, type SocketType } from './socket-type.ts'

/** Octets of a ZMTP 3 greeting; no other version has a longer one. */
export const GREETING_SIZE = 64

/** What a connection speaks after its greetings. '1.0-unversioned' is ZMTP 1.0 with a peer that sends no greeting at all. */
export type Protocol = '1.0-unversioned' | '1.0' | '2.0' | '3.0' | '3.1'

/** What we say of ourselves in the greeting. */
export interface GreetingOffer {
  readonly mechanism: 'NULL' | 'PLAIN' | 'CURVE'
  readonly asServer: boolean
  readonly socketType: SocketType
  /** Octets of our routing id; a ZMTP 1.0 peer reads the signature as the header of the frame that carries it. */
  readonly routingIdSize: number
  /**
   * False refuses ZMTP 1.0 and 2.0, which know no mechanism: for every mechanism but NULL, and for NULL with a ZAP domain.
   * Anything else would let a peer round authentication.
   */
  readonly downgrade: boolean
}

/** What the peer's octets mean so far. `size` is how many of them were the greeting; what follows is traffic. */
export type GreetingState =
  | { readonly is: 'waiting' }
  | {
      readonly is: 'done'
      readonly protocol: Protocol
      readonly size: number
      readonly peerType: SocketType | undefined
    }
  | { readonly is: 'failed'; readonly error: ProtocolError; readonly message: string }

/**
 * The greeting of ZMTP, said in stages so that peers of every version understand (RFC 37 §3.2, RFC 15, RFC 13):
 *
 *     signature = %xFF 8padding %x7F              ; 10 octets, at once
 *     version   = %x03 %x01                       ; the major once 10 octets came, the minor once the peer's major came
 *     mechanism = 20octet                         ; name, upper case, padded with %x00
 *     as-server = %x00 | %x01
 *     filler    = 31%x00
 *
 * The caller keeps the peer's octets and shows all of them from the first again each time more have come; a ZMTP 1.0 peer's
 * first frame can then be parsed as what it is.
 */
export class Greeting {
  readonly #offer: GreetingOffer
  readonly #own: Uint8Array
  #due = SIGNATURE_SIZE
  #sent = 0

  constructor(offer: GreetingOffer) {
    this.#offer = offer
    this.#own = encodeGreeting(offer)
  }

  /** The octets to send now, or undefined. A view; nobody writes to it afterwards. */
  next(): Uint8Array | undefined {
    if (this.#sent === this.#due) return undefined
    const part = this.#own.subarray(this.#sent, this.#due)
    this.#sent = this.#due
    return part
  }

  /** Looks at all octets that the peer has sent, `[start, end)`, of any length. `next()` may have more afterwards. */
  read(buffer: Uint8Array, start: number, end: number): GreetingState {
    const length = end - start
    if (length === 0) return WAITING
    // The 10th octet holds the flags of a ZMTP 1.0 peer's routing id frame where its length takes 8 octets: MORE is never set.
    const signature = buffer[start] === 0xff && (length < SIGNATURE_SIZE || (buffer[start + 9]! & 1) === 1)
    if (!signature) return this.#downgraded('1.0-unversioned', 0, undefined)
    if (length < SIGNATURE_SIZE) return WAITING
    this.#promise(SIGNATURE_SIZE + 1)
    if (length === SIGNATURE_SIZE) return WAITING
    const revision = buffer[start + 10]!
    return revision < 2
      ? this.#readTwo(buffer, start, length, revision)
      : this.#readThree(buffer, start, length, revision)
  }

  // greeting-2.0 = signature %x01 socket-type, and the same with %x00 from a ZMTP 1.0 peer that knows of versions.
  #readTwo(buffer: Uint8Array, start: number, length: number, revision: number): GreetingState {
    const own = socketTypeOctet(this.#offer.socketType)
    if (!this.#offer.downgrade) return REFUSED
    if (own === undefined) {
      return failed('ZMTP_UNSPECIFIED', `a ZMTP 2.0 peer cannot talk to a ${this.#offer.socketType} socket`)
    }
    // The third octet of our version is its minor for ZMTP 3 and our socket type for ZMTP 2.
    if (this.#due < TWO_SIZE) this.#own[11] = own
    this.#promise(TWO_SIZE)
    if (length < TWO_SIZE) return WAITING
    return this.#downgraded(revision === 0 ? '1.0' : '2.0', TWO_SIZE, socketTypeOfOctet(buffer[start + 11]!))
  }

  #readThree(buffer: Uint8Array, start: number, length: number, revision: number): GreetingState {
    this.#promise(GREETING_SIZE)
    if (length < GREETING_SIZE) return WAITING
    for (let i = 12; i < 32; i++) {
      if (buffer[start + i] !== this.#own[i]) {
        return failed('ZMTP_MECHANISM_MISMATCH', `the peer does not announce the mechanism ${this.#offer.mechanism}`)
      }
    }
    const protocol = revision === 3 && buffer[start + 11] === 0 ? '3.0' : '3.1'
    return { is: 'done', protocol, size: GREETING_SIZE, peerType: undefined }
  }

  #downgraded(protocol: Protocol, size: number, peerType: SocketType | undefined): GreetingState {
    return this.#offer.downgrade ? { is: 'done', protocol, size, peerType } : REFUSED
  }

  #promise(due: number): void {
    if (this.#due < due) this.#due = due
  }
}

const SIGNATURE_SIZE = 10
const TWO_SIZE = 12
const WAITING: GreetingState = { is: 'waiting' }
const REFUSED: GreetingState = {
  is: 'failed',
  error: 'ZMTP_UNSPECIFIED',
  message: 'the peer speaks a version of ZMTP that knows no security, which this socket demands',
}

function encodeGreeting(offer: GreetingOffer): Uint8Array {
  const greeting = new Uint8Array(GREETING_SIZE)
  const view = new DataView(greeting.buffer)
  greeting[0] = 0xff
  view.setUint32(5, offer.routingIdSize + 1)
  greeting[9] = 0x7f
  greeting[10] = 3
  greeting[11] = 1
  for (let i = 0; i < offer.mechanism.length; i++) greeting[12 + i] = offer.mechanism.charCodeAt(i)
  greeting[32] = offer.asServer ? 1 : 0
  return greeting
}

function failed(error: ProtocolError, message: string): GreetingState {
  return { is: 'failed', error, message }
}
