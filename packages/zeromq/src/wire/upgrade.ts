/** Octets of the longest upgrade, request or answer, that is waited for. */
export const LONGEST_UPGRADE = 16_384

/** An HTTP head, as far as an upgrade to WebSocket needs it. */
export interface HttpHead {
  /** `GET /path HTTP/1.1` or `HTTP/1.1 101 Switching Protocols`. */
  readonly first: string
  /** By lower-case name; of a name that comes more than once the values joined by `, ` (RFC 9110 §5.3). */
  readonly headers: ReadonlyMap<string, string>
  /** Octets up to the end of the empty line. */
  readonly size: number
}

/** What an upgrade has come to. */
export type HeadState =
  | { readonly is: 'waiting' }
  | { readonly is: 'head'; readonly head: HttpHead }
  | { readonly is: 'failed'; readonly message: string }

/** Looks for a whole HTTP head in `buffer[start, end)`, all that has come so far (RFC 9112 §2). */
export function readHead(buffer: Uint8Array, start: number, end: number): HeadState {
  const stop = Math.min(end, start + LONGEST_UPGRADE)
  for (let i = start + 3; i < stop; i++) {
    if (buffer[i] === 10 && buffer[i - 1] === 13 && buffer[i - 2] === 10 && buffer[i - 3] === 13) {
      return parseHead(latin1(buffer, start, i - 3), i + 1 - start)
    }
  }
  if (end - start < LONGEST_UPGRADE) return { is: 'waiting' }
  return { is: 'failed', message: `an HTTP head of more than ${LONGEST_UPGRADE} octets` }
}

/** What a client asks for. `key` are 24 characters: 16 random octets in base64 (RFC 6455 §4.1). */
export function encodeRequest(options: { host: string; path: string; key: string; protocols: string }): Uint8Array {
  const { host, path, key, protocols } = options
  return ascii(
    `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      `Sec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: ${protocols}\r\n\r\n`,
  )
}

/** What a server answers. `accept` is `acceptKey` of the client's key. */
export function encodeAnswer(options: { accept: string; protocol: string }): Uint8Array {
  const { accept, protocol } = options
  return ascii(
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
      `Sec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: ${protocol}\r\n\r\n`,
  )
}

/** What a server answers to a request that it does not upgrade; the connection is closed after it. */
export function encodeRefusal(status: string): Uint8Array {
  const version = status.startsWith('426') ? 'Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' : ''
  return ascii(`HTTP/1.1 ${status}\r\n${version}Connection: close\r\nContent-Length: 0\r\n\r\n`)
}

/** A request that is fit to be upgraded, or the status to refuse it with (RFC 6455 §4.2.1). */
export function checkRequest(head: HttpHead): { path: string; key: string; protocols: string[] } | { status: string } {
  const [method, path, version] = head.first.split(' ')
  if (method !== 'GET' || path === undefined || version !== 'HTTP/1.1') return { status: '400 Bad Request' }
  if (!hasToken(head, 'upgrade', 'websocket') || !hasToken(head, 'connection', 'upgrade')) {
    return { status: '426 Upgrade Required' }
  }
  if (head.headers.get('sec-websocket-version') !== '13') return { status: '426 Upgrade Required' }
  const key = head.headers.get('sec-websocket-key')
  if (key === undefined || !/^[A-Za-z0-9+/]{22}==$/.test(key)) return { status: '400 Bad Request' }
  return { path, key, protocols: listOf(head.headers.get('sec-websocket-protocol')) }
}

/** The protocol that a server chose, or what is wrong with its answer (RFC 6455 §4.1). */
export function checkAnswer(head: HttpHead, accept: string): { protocol: string } | { message: string } {
  if (!/^HTTP\/1\.1 101( |$)/.test(head.first)) return { message: `the server answers ${JSON.stringify(head.first)}` }
  if (!hasToken(head, 'upgrade', 'websocket') || !hasToken(head, 'connection', 'upgrade')) {
    return { message: 'the server does not upgrade to WebSocket' }
  }
  if (head.headers.get('sec-websocket-accept') !== accept) {
    return { message: 'the server did not answer to the key that it was sent' }
  }
  if (head.headers.has('sec-websocket-extensions')) return { message: 'the server uses an extension nobody asked for' }
  return { protocol: head.headers.get('sec-websocket-protocol') ?? '' }
}

/** What `acceptKey` hashes: the client's key and the fixed text of RFC 6455 §1.3. */
export function acceptInput(key: string): string {
  return `${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`
}

function parseHead(text: string, size: number): HeadState {
  const [first = '', ...lines] = text.split('\r\n')
  const headers = new Map<string, string>()
  for (const line of lines) {
    const colon = line.indexOf(':')
    const name = line.slice(0, colon)
    if (colon <= 0 || !/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) {
      return { is: 'failed', message: 'an HTTP head that cannot be read' }
    }
    const value = line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, '')
    const lower = name.toLowerCase()
    const before = headers.get(lower)
    headers.set(lower, before === undefined ? value : `${before}, ${value}`)
  }
  return { is: 'head', head: { first, headers, size } }
}

function hasToken(head: HttpHead, name: string, token: string): boolean {
  return listOf(head.headers.get(name)).some(entry => entry.toLowerCase() === token)
}

function listOf(value: string | undefined): string[] {
  return (value ?? '')
    .split(',')
    .map(entry => entry.trim())
    .filter(entry => entry !== '')
}

function ascii(text: string): Uint8Array {
  const octets = new Uint8Array(text.length)
  for (let i = 0; i < text.length; i++) octets[i] = text.charCodeAt(i)
  return octets
}

function latin1(buffer: Uint8Array, start: number, end: number): string {
  let text = ''
  for (let i = start; i < end; i++) text += String.fromCharCode(buffer[i]!)
  return text
}
