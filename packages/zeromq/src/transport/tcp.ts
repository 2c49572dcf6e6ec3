import { lookup } from 'node:dns'
import {
  connect,
  createServer,
  isIP,
  type AddressInfo,
  type Server,
  type Socket,
  type TcpNetConnectOpts,
} from 'node:net'
import { networkInterfaces } from 'node:os'
import { acceptFilter } from './accept-filter.ts'
import { listenNow } from './listen-now.ts'
import { parseTcpAddress, tcpEndpoint } from './address.ts'
import { directReads, DirectReads, rewrap, socketOptions, StreamLink } from './stream-link.ts'
import { TransportError } from './transport-error.ts'
import { inTurns, type Turns } from './turns.ts'
import type { ConnectEvents, Connecting, LinkOptions, Listener, ListenerEvents, Transport } from './transport.ts'

/** tcp: `[source;]host:port`, names and interfaces resolved at each bind and each connection. */
export function tcpTransport(scratch: Uint8Array): Transport {
  return {
    listen: (address, options, events) => listen(address, options, events, scratch),
    listenNow: (address, options, events) => listenAtOnce(address, options, events, scratch),
    connect: (address, options, events) => connectTo(address, options, events, scratch),
  }
}

async function listen(
  address: string,
  options: LinkOptions,
  events: ListenerEvents,
  scratch: Uint8Array,
): Promise<Listener> {
  const { host, port } = parseTcpAddress(address, 'bind')
  const server = accepting(options, events, scratch)
  const where =
    options.useFd >= 0
      ? { fd: options.useFd }
      : { host: await bindHost(host, options.ipv6), port, backlog: options.backlog, exclusive: true }
  await listening(server, where)
  server.on('error', error => events.failed(error))
  const bound = server.address() as AddressInfo
  return listenerOf(server, tcpEndpoint(bound.address, bound.port))
}

function listenAtOnce(address: string, options: LinkOptions, events: ListenerEvents, scratch: Uint8Array): Listener {
  const { host, port } = parseTcpAddress(address, 'bind')
  const server = accepting(options, events, scratch)
  if (options.useFd >= 0) throw new TransportError('EINVAL', 'USE_FD needs bind(), not bindSync()')
  listenNow(server, { host: numericHost(host, options.ipv6), port }, options.backlog)
  server.on('error', error => events.failed(error))
  const bound = server.address() as AddressInfo
  return listenerOf(server, tcpEndpoint(bound.address, bound.port))
}

/** The address to bind to where no name has to be looked up; throws ENODEV. */
function numericHost(host: string, ipv6: boolean): string {
  if (host === '*') return ipv6 ? '::' : '0.0.0.0'
  if (isNumeric(host, ipv6)) return host
  const address = interfaceAddress(host, ipv6) ?? (host === 'localhost' ? '127.0.0.1' : undefined)
  if (address === undefined)
    throw new TransportError('ENODEV', `'${host}' is no interface; bindSync() looks no name up`)
  return address
}

/** A server that hands on what it accepts; it does not listen yet. */
function accepting(options: LinkOptions, events: ListenerEvents, scratch: Uint8Array): Server {
  const accepts = acceptFilter(options.acceptFilters)
  const turns: Turns<Socket> = {
    most: ACCEPTS,
    crowded: () => events.crowded?.() === true,
    refuse: accepted => void accepted.destroy(),
  }
  const accept = inTurns<Socket>(accepted => {
    if (!server.listening) return void accepted.destroy()
    if (!accepts(accepted.remoteAddress)) {
      accepted.destroy()
      events.failed(new TransportError('ECONNREFUSED', `a filter refuses ${accepted.remoteAddress ?? 'the peer'}`))
      return
    }
    const ends = endsOf(accepted)
    let reads = options.reads === 'direct' && directReads() ? new DirectReads(scratch) : undefined
    let socket = reads === undefined ? undefined : rewrap(accepted, reads)
    if (socket === undefined) {
      socket = accepted
      reads = undefined
    }
    prepare(socket, options)
    events.accepted(new StreamLink(socket, reads, ends))
  }, turns)
  const server = createServer({ pauseOnConnect: true, noDelay: true }, accept)
  return server
}

// Connections that one turn of the event loop is spent on.
const ACCEPTS = 2

/** Wraps a server that listens. */
export function listenerOf(server: Server, endpoint: string, freed?: () => void): Listener {
  let closed: Promise<void> | undefined
  return {
    endpoint,
    get fd() {
      return (server as unknown as { _handle?: { fd?: number } })._handle?.fd ?? -1
    },
    close() {
      closed ??= new Promise(resolve => {
        // The handle is closed at once; the callback would wait for connections, which live on.
        server.close()
        freed?.()
        setImmediate(resolve)
      })
      return closed
    },
    ref: () => void server.ref(),
    unref: () => void server.unref(),
  }
}

/** Starts a server; rejects with libzmq's codes. */
export function listening(server: Server, where: object): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException): void => {
      const code = error.code === 'ENOTFOUND' ? 'ENODEV' : (error.code ?? 'EINVAL')
      reject(new TransportError(code, error.message, error))
    }
    server.once('error', failed)
    server.listen(where, () => {
      server.off('error', failed)
      resolve()
    })
  })
}

/** The address to bind to for a wildcard, an address, an interface or a name; rejects ENODEV. */
export async function bindHost(host: string, ipv6: boolean): Promise<string> {
  if (host === '*') return ipv6 ? '::' : '0.0.0.0'
  if (isNumeric(host, ipv6)) return host
  const local = interfaceAddress(host, ipv6)
  if (local !== undefined) return local
  return new Promise((resolve, reject) => {
    lookup(host, { family: ipv6 ? 0 : 4 }, (error, address) => {
      if (error === null) resolve(address)
      else reject(new TransportError('ENODEV', `'${host}' is neither an interface nor a name that resolves`, error))
    })
  })
}

/** Whether it is an address and not a name; throws ENODEV for one of version 6 where IPV6 is off. */
function isNumeric(host: string, ipv6: boolean): boolean {
  const version = isIP(host.split('%')[0]!) // split always gives one
  if (version === 6 && !ipv6) throw new TransportError('ENODEV', `'${host}' needs the option ipv6`)
  return version !== 0
}

/** The first address of an interface, or undefined where there is none of that name. */
export function interfaceAddress(name: string, ipv6: boolean): string | undefined {
  const addresses = networkInterfaces()[name]
  return (addresses?.find(a => a.family === 'IPv4') ?? (ipv6 ? addresses?.[0] : undefined))?.address
}

function connectTo(address: string, options: LinkOptions, events: ConnectEvents, scratch: Uint8Array): Connecting {
  const { host, port, source } = parseTcpAddress(address, 'connect')
  const reads = options.reads === 'direct' && directReads() ? new DirectReads(scratch) : undefined
  const target: TcpNetConnectOpts = { ...socketOptions(reads), host: host, port, noDelay: true }
  if (!options.ipv6) target.family = 4
  if (source !== undefined) {
    if (source.host !== '*') target.localAddress = interfaceAddress(source.host, options.ipv6) ?? source.host
    if (source.port !== 0) target.localPort = source.port
  }
  return connecting(connect(target), reads, options, events)
}

/** Follows a socket until it is connected (`ready` happens) or has failed. */
export function connecting(
  socket: Socket,
  reads: DirectReads | undefined,
  options: LinkOptions,
  events: ConnectEvents,
  ends: (socket: Socket) => { peerAddress: string; local: string; remote: string } = endsOf,
  ready: 'connect' | 'secureConnect' = 'connect',
): Connecting {
  let timer: NodeJS.Timeout | undefined
  let over = false
  const end = (): boolean => {
    if (over) return false
    over = true
    clearTimeout(timer)
    return true
  }
  const failed = (error: NodeJS.ErrnoException): void => {
    if (end()) events.failed(error)
  }
  socket.once('error', failed)
  socket.once(ready, () => {
    if (!end()) return
    socket.off('error', failed)
    prepare(socket, options)
    events.connected(new StreamLink(socket, reads, ends(socket)))
  })
  if (options.connectTimeout > 0) {
    timer = setTimeout(() => {
      socket.destroy()
      failed(new TransportError('ETIMEDOUT', `no connection within ${options.connectTimeout} ms`))
    }, options.connectTimeout)
  }
  return {
    cancel() {
      if (!end()) return
      socket.on('error', () => {})
      socket.destroy()
    },
    ref() {
      socket.ref()
      timer?.ref()
    },
    unref() {
      socket.unref()
      timer?.unref()
    },
  }
}

function prepare(socket: Socket, options: LinkOptions): void {
  socket.setNoDelay(true)
  if (options.keepAlive === 1) socket.setKeepAlive(true, options.keepAliveIdle > 0 ? options.keepAliveIdle * 1000 : 0)
  else if (options.keepAlive === 0) socket.setKeepAlive(false)
  const typed = socket as unknown as { setTypeOfService?: (tos: number) => void }
  if (options.typeOfService > 0) typed.setTypeOfService?.(options.typeOfService)
}

/** Both ends of a tcp socket. */
export function endsOf(socket: Socket): { peerAddress: string; local: string; remote: string } {
  const mapped = (address: string | undefined): string => (address ?? '').replace(/^::ffff:(?=\d+\.)/, '')
  const peerAddress = mapped(socket.remoteAddress)
  const local = tcpEndpoint(mapped(socket.localAddress), socket.localPort ?? 0)
  const remote = tcpEndpoint(peerAddress, socket.remotePort ?? 0)
  return { peerAddress, local, remote }
}
