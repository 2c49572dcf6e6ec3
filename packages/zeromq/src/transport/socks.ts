import { isIP } from 'node:net'
import { Socks5, type Socks5Request } from '../wire/socks5.ts'
import { parseTcpAddress, tcpEndpoint } from './address.ts'
import { TransportError } from './transport-error.ts'
import type { ConnectEvents, Connecting, Link, LinkOptions, Receiver, Transport } from './transport.ts'

/**
 * Another transport, with connections through a SOCKS 5 proxy where the options name one (libzmq's ZMQ_SOCKS_PROXY: host:port).
 * The host of the endpoint is resolved by the proxy.
 */
export function socksTransport(below: Transport): Transport {
  return {
    listen: (address, options, events) => below.listen(address, options, events),
    // Looked at before it is called.
    ...(below.listenNow === undefined
      ? {}
      : { listenNow: (address, options, events) => below.listenNow!(address, options, events) }),
    connect: (address, options, events) =>
      options.socksProxy === ''
        ? below.connect(address, options, events)
        : connectThrough(below, address, options, events),
  }
}

function connectThrough(below: Transport, address: string, options: LinkOptions, events: ConnectEvents): Connecting {
  const { host, port } = parseTcpAddress(address, 'connect')
  const request: Socks5Request = {
    host: isIP(host) === 0 ? host : addressOctets(host),
    port,
    username: options.socksUsername,
    password: options.socksPassword,
  }
  let negotiating: Link | undefined
  let timer: NodeJS.Timeout | undefined
  let cancelled = false
  const toProxy = below.connect(options.socksProxy, options, {
    connected(link) {
      negotiating = link
      const proxied = new SocksLink(link, tcpEndpoint(host, port), request, error => {
        clearTimeout(timer)
        if (cancelled) return
        negotiating = undefined
        if (error === undefined) events.connected(proxied)
        else events.failed(error)
      })
      const patience = options.connectTimeout > 0 ? options.connectTimeout : PATIENCE
      timer = setTimeout(() => proxied.giveUp(`the proxy did not answer within ${patience} ms`), patience)
      proxied.negotiate()
    },
    failed: error => events.failed(error),
  })
  return {
    cancel() {
      cancelled = true
      clearTimeout(timer)
      negotiating?.destroy()
      toProxy.cancel()
    },
    ref() {
      timer?.ref()
      ;(negotiating ?? toProxy).ref()
    },
    unref() {
      timer?.unref()
      ;(negotiating ?? toProxy).unref()
    },
  }
}

// Milliseconds for a proxy to answer where no connect timeout is set.
const PATIENCE = 30_000

/** A link through a proxy: first the negotiation, then a link like any other. What comes behind the last answer is kept for it. */
class SocksLink implements Link {
  readonly remote: string
  readonly #link: Link
  readonly #socks: Socks5
  #settled: ((error: TransportError | undefined) => void) | undefined
  #came: Uint8Array = new Uint8Array(0)
  #receiver: Receiver | undefined
  #ended: { error: NodeJS.ErrnoException | undefined } | undefined
  #held = false

  constructor(
    link: Link,
    remote: string,
    request: Socks5Request,
    settled: (error: TransportError | undefined) => void,
  ) {
    this.#link = link
    this.remote = remote
    this.#socks = new Socks5(request)
    this.#settled = settled
  }

  get peerAddress(): string {
    return this.#link.peerAddress
  }

  get local(): string {
    return this.#link.local
  }

  get fd(): number {
    return this.#link.fd
  }

  negotiate(): void {
    const scratch = new Uint8Array(1024)
    this.#link.start({
      space: () => this.#receiver?.space() ?? scratch,
      filled: size => this.#receiver?.filled(size) ?? this.#read(scratch.subarray(0, size)),
      push: chunk => this.#receiver?.push(chunk) ?? this.#read(chunk),
      written: () => this.#receiver?.written(),
      closed: error => this.#closed(error),
    })
    this.#say()
  }

  /** Ends a negotiation that is not over. */
  giveUp(message: string): void {
    if (this.#settled === undefined) return
    this.#link.destroy()
    this.#settle(new TransportError('ECONNREFUSED', message))
  }

  start(receiver: Receiver): void {
    this.#receiver = receiver
    const came = this.#came
    this.#came = new Uint8Array(0)
    const more = came.length === 0 || receiver.push(came)
    if (this.#ended !== undefined) receiver.closed(this.#ended.error)
    else if (this.#held && more) this.#link.resume()
  }

  write(chunks: readonly Uint8Array[]): boolean {
    return this.#link.write(chunks)
  }

  resume(): void {
    this.#link.resume()
  }

  end(): void {
    this.#link.end()
  }

  destroy(): void {
    this.#link.destroy()
  }

  ref(): void {
    this.#link.ref()
  }

  unref(): void {
    this.#link.unref()
  }

  #read(chunk: Uint8Array): boolean {
    const came = new Uint8Array(this.#came.length + chunk.length)
    came.set(this.#came)
    came.set(chunk, this.#came.length)
    this.#came = came
    // Between the last answer and the session there is nobody to read for.
    if (this.#settled === undefined) return !(this.#held = true)
    const state = this.#socks.read(came, came.length)
    this.#say()
    if (state.is === 'waiting') return true
    if (state.is === 'failed') {
      this.giveUp(state.message)
      return true
    }
    this.#came = came.subarray(state.used)
    this.#held = true
    this.#settle(undefined)
    return this.#receiver === undefined ? false : !(this.#held = false)
  }

  // The few octets of a negotiation never fill a socket's buffer, so that nobody has to wait for `written`.
  #say(): void {
    for (let part = this.#socks.next(); part !== undefined; part = this.#socks.next()) this.#link.write([part])
  }

  #closed(error: NodeJS.ErrnoException | undefined): void {
    if (this.#settled !== undefined) {
      return this.#settle(new TransportError('ECONNREFUSED', 'the proxy closed the connection', error))
    }
    if (this.#receiver === undefined) this.#ended = { error }
    else this.#receiver.closed(error)
  }

  #settle(error: TransportError | undefined): void {
    const settled = this.#settled
    this.#settled = undefined
    settled?.(error)
  }
}

function addressOctets(host: string): Uint8Array {
  if (isIP(host) === 4) return Uint8Array.from(host.split('.').map(Number))
  // The platform writes every form of an IPv6 address in the shortest one.
  const [head = '', tail] = new URL(`http://[${host.split('%')[0]!}]/`).hostname.slice(1, -1).split('::')
  const words = (text: string): number[] => (text === '' ? [] : text.split(':').map(word => parseInt(word, 16)))
  const left = words(head)
  const right = tail === undefined ? [] : words(tail)
  const groups = [...left, ...Array.from({ length: 8 - left.length - right.length }, () => 0), ...right]
  return Uint8Array.from(groups.flatMap(group => [group >>> 8, group & 0xff]))
}
