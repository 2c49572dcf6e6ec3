import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { lookup } from 'node:dns'
import { isIP } from 'node:net'
import { networkInterfaces } from 'node:os'
import { parseTcpAddress } from './address.ts'
import { bindHost } from './tcp.ts'
import { TransportError } from './transport-error.ts'
import { UdpLink } from './udp-link.ts'
import type { ConnectEvents, Connecting, LinkOptions, Listener, ListenerEvents, Transport } from './transport.ts'

/**
 * udp, for RADIO (connects), DISH and DGRAM (bind): `[interface;]host:port` (libzmq's zmq_udp). Datagrams have no connection:
 * a link is there at once, stands for everyone out there, and never breaks. There is no security: sockets with PLAIN or CURVE
 * are refused.
 */
export function udpTransport(): Transport {
  return { listen, connect: connectTo }
}

async function listen(address: string, options: LinkOptions, events: ListenerEvents): Promise<Listener> {
  const type = datagramType(options, 'bind')
  const { host, port, source } = parseTcpAddress(address, 'bind')
  const multicast = isMulticast(host)
  const local = await bindHost(multicast ? (source?.host ?? '*') : host, options.ipv6)
  const socket = newSocket(multicast ? host : local, options)
  await bound(socket, port, multicast ? (isIP(host) === 6 ? '::' : '0.0.0.0') : local)
  const name = socket.address()
  const endpoint = name.family === 'IPv6' ? `[${name.address}]:${name.port}` : `${name.address}:${name.port}`
  try {
    if (multicast) socket.addMembership(host, source === undefined || isIP(local) === 6 ? undefined : local)
  } catch (error) {
    socket.close()
    throw new TransportError('ENODEV', `'${address}' names no interface that multicast can be had from`, error)
  }
  const send = (datagram: Uint8Array, to: string, done: () => void): void => {
    const target = parseTarget(to)
    if (target === undefined) done()
    else socket.send(datagram, target.port, target.host, done)
  }
  const link = new UdpLink(socket, type, send, endpoint)
  socket.on('message', (datagram, from) => link.received(datagram, nameOf(from)))
  events.accepted(link)
  return {
    endpoint,
    fd: -1,
    close: () => Promise.resolve(),
    ref: () => void socket.ref(),
    unref: () => void socket.unref(),
  }
}

function connectTo(address: string, options: LinkOptions, events: ConnectEvents): Connecting {
  const type = datagramType(options, 'connect')
  const { host, port, source } = parseTcpAddress(address, 'connect')
  let over = false
  const failed = (error: Error): void => {
    if (over) return
    over = true
    events.failed(new TransportError('ENODEV', `'${host}' cannot be reached by datagrams`, error))
  }
  const resolved = (target: string): void => {
    if (over) return
    const socket = newSocket(target, options)
    // A socket has to be bound before it can be told how to send.
    socket.bind({ port: 0, exclusive: true }, () => {
      if (over) return void socket.close()
      over = true
      if (isMulticast(target)) prepareMulticast(socket, source?.host, options)
      const send = (datagram: Uint8Array, _to: string, done: () => void): void => {
        socket.send(datagram, port, target, done)
      }
      events.connected(new UdpLink(socket, type, send, `${target}:${port}`))
    })
    socket.once('error', failed)
  }
  if (isIP(host) !== 0) queueMicrotask(() => resolved(host))
  else {
    lookup(host, { family: options.ipv6 ? 0 : 4 }, (error, found) => {
      if (error === null) resolved(found)
      else failed(error)
    })
  }
  return {
    cancel() {
      over = true
    },
    ref() {},
    unref() {},
  }
}

// Only these have a form for datagrams, and each only on its side.
function datagramType(options: LinkOptions, side: 'bind' | 'connect'): 'RADIO' | 'DISH' | 'DGRAM' {
  const { socketType: type, mechanism } = options
  if (type !== (side === 'connect' ? 'RADIO' : 'DISH') && (type !== 'DGRAM' || side === 'connect')) {
    throw new TransportError('ENOCOMPATPROTO', `a ${type} socket cannot ${side} to udp`)
  }
  if (mechanism !== 'NULL') {
    throw new TransportError('ENOCOMPATPROTO', `udp has no security: ${mechanism} cannot be had with it`)
  }
  return type
}

function newSocket(target: string, { ipv6, sendBufferSize, receiveBufferSize }: LinkOptions): Socket {
  const six = isIP(target) === 6
  if (six && !ipv6) throw new TransportError('EINVAL', `'${target}' is an IPv6 address, and the socket's ipv6 is off`)
  // Several subscribers on one machine share a port, as with libzmq.
  const socket = createSocket({
    type: six ? 'udp6' : 'udp4',
    reuseAddr: true,
    ...(sendBufferSize > 0 && { sendBufferSize }),
    ...(receiveBufferSize > 0 && { recvBufferSize: receiveBufferSize }),
  })
  // What a datagram meets on its way (a port that nobody listens to, a route that is gone) is no concern of its sender.
  socket.on('error', () => {})
  return socket
}

function bound(socket: Socket, port: number, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException): void => {
      socket.close()
      reject(new TransportError(error.code === 'EADDRNOTAVAIL' ? 'ENODEV' : (error.code ?? 'EINVAL'), error.message))
    }
    socket.once('error', failed)
    socket.bind({ port, address, exclusive: true }, () => {
      socket.off('error', failed)
      resolve()
    })
  })
}

function prepareMulticast(socket: Socket, source: string | undefined, options: LinkOptions): void {
  socket.setMulticastTTL(options.multicastHops)
  socket.setMulticastLoopback(options.multicastLoop)
  if (source === undefined || source === '*') return
  const address = networkInterfaces()[source]?.find(({ family }) => family === 'IPv4')?.address ?? source
  socket.setMulticastInterface(address)
}

// 224.0.0.0/4 and ff00::/8.
function isMulticast(host: string): boolean {
  if (isIP(host) === 6) return /^ff/i.test(host)
  const first = Number(host.split('.')[0])
  return isIP(host) === 4 && first >= 224 && first < 240
}

function nameOf({ address, port, family }: RemoteInfo): string {
  return family === 'IPv6' ? `[${address}]:${port}` : `${address}:${port}`
}

// The address that a DGRAM names: numeric. libzmq's end with a zero.
function parseTarget(text: string): { host: string; port: number } | undefined {
  const match = /^\[?([0-9a-fA-F.:]+)\]?:(\d{1,5})\0?$/.exec(text)
  const host = match?.[1] ?? ''
  const port = Number(match?.[2])
  return isIP(host) === 0 || port < 1 || port > 65_535 ? undefined : { host, port }
}
