/** Where a proxy is to connect to, and who asks. */
export interface Socks5Request {
  /** A host name, which the proxy resolves, or an address as octets: 4 for IPv4, 16 for IPv6. */
  readonly host: string | Uint8Array
  readonly port: number
  /** '' where there is none: then no password is offered. At most 255 octets each. */
  readonly username: string
  readonly password: string
}

/** How far a negotiation is; `used` octets of what came belong to it. */
export type Socks5State =
  | { readonly is: 'waiting' }
  | { readonly is: 'done'; readonly used: number }
  | { readonly is: 'failed'; readonly message: string }

/**
 * The client of SOCKS 5 (RFC 1928), with a user name and a password where there is one (RFC 1929).
 *
 *     greeting = %x05 count methods               ; %x00 none, %x02 user name and password
 *     choice   = %x05 method
 *     login    = %x01 length name length password
 *     verdict  = OCTET status                     ; %x00 is success
 *     request  = %x05 %x01 %x00 address port      ; connect
 *     reply    = %x05 code %x00 address port      ; %x00 is success
 *     address  = %x01 4OCTET | %x03 length name | %x04 16OCTET
 *
 * The caller keeps what came and shows all of it again each time more has come.
 */
export class Socks5 {
  readonly #request: Socks5Request
  #step: 'choice' | 'verdict' | 'reply' = 'choice'
  #used = 0
  readonly #due: Uint8Array[]

  constructor(request: Socks5Request) {
    this.#request = request
    this.#due = [request.username === '' ? Uint8Array.of(5, 1, 0) : Uint8Array.of(5, 2, 0, 2)]
  }

  /** The octets to send now, or undefined. */
  next(): Uint8Array | undefined {
    return this.#due.shift()
  }

  /** Looks at all octets that have come, `[0, end)`. `next()` may have more afterwards. */
  read(octets: Uint8Array, end: number): Socks5State {
    for (;;) {
      const at = this.#used
      if (end - at < 2) return { is: 'waiting' }
      const second = octets[at + 1]!
      switch (this.#step) {
        case 'choice':
          if (octets[at] !== 5) return failed('the proxy does not speak SOCKS 5')
          if (second === 0) this.#due.push(this.#connect())
          else if (second === 2 && this.#request.username !== '') this.#due.push(this.#login())
          else return failed('the proxy takes none of the methods that it was offered')
          this.#used += 2
          this.#step = second === 0 ? 'reply' : 'verdict'
          break
        case 'verdict':
          if (second !== 0) return failed('the proxy does not know the user name and password')
          this.#used += 2
          this.#due.push(this.#connect())
          this.#step = 'reply'
          break
        case 'reply': {
          if (octets[at] !== 5) return failed('the proxy does not speak SOCKS 5')
          if (second !== 0) return failed(`the proxy answers ${REPLIES[second] ?? `with code ${second}`}`)
          const size = replySize(octets, at, end)
          if (size === 0) return { is: 'waiting' }
          if (size < 0) return failed('the proxy sent an address of an unknown kind')
          return { is: 'done', used: at + size }
        }
      }
    }
  }

  #login(): Uint8Array {
    const name = new TextEncoder().encode(this.#request.username).subarray(0, 255)
    const password = new TextEncoder().encode(this.#request.password).subarray(0, 255)
    return Uint8Array.of(1, name.length, ...name, password.length, ...password)
  }

  #connect(): Uint8Array {
    const { host, port } = this.#request
    const octets = typeof host === 'string' ? new TextEncoder().encode(host).subarray(0, 255) : host
    const kind = typeof host === 'string' ? [3, octets.length] : [octets.length === 4 ? 1 : 4]
    return Uint8Array.of(5, 1, 0, ...kind, ...octets, port >>> 8, port & 0xff)
  }
}

const REPLIES: readonly string[] = [
  '',
  'that it failed',
  'that its rules forbid it',
  'that the network cannot be reached',
  'that the host cannot be reached',
  'that the connection was refused',
  'that it took too long',
  'that it does not know the command',
  'that it does not know the kind of address',
]

// The octets of a reply with the address that it ends in; 0: not all there, -1: unknown.
function replySize(octets: Uint8Array, at: number, end: number): number {
  if (end - at < 5) return 0
  const kind = octets[at + 3]!
  const address = kind === 1 ? 4 : kind === 4 ? 16 : kind === 3 ? 1 + octets[at + 4]! : -1
  if (address < 0) return -1
  const size = 4 + address + 2
  return end - at < size ? 0 : size
}

function failed(message: string): Socks5State {
  return { is: 'failed', message }
}
