import { isIP, type AddressInfo } from 'node:net'
import { connect, createServer, rootCertificates, type ConnectionOptions } from 'node:tls'
import { acceptFilter } from './accept-filter.ts'
import { parseTcpAddress, tcpEndpoint } from './address.ts'
import { StreamLink } from './stream-link.ts'
import { bindHost, connecting, endsOf, interfaceAddress, listenerOf, listening } from './tcp.ts'
import { TransportError } from './transport-error.ts'
import type { ConnectEvents, Connecting, LinkOptions, Listener, ListenerEvents, Transport } from './transport.ts'

/** TLS over tcp, for wss. A server needs a certificate and its key, a client what it trusts (`LinkOptions.tls`). */
export function tlsTransport(): Transport {
  return { listen, connect: connectTo }
}

async function listen(address: string, options: LinkOptions, events: ListenerEvents): Promise<Listener> {
  const { host, port } = parseTcpAddress(address, 'bind')
  const { certificate, key } = options.tls
  if (certificate === '' || key === '') {
    throw new TransportError('EINVAL', 'a wss server needs wssCertPem and wssKeyPem')
  }
  const accepts = acceptFilter(options.acceptFilters)
  const server = createServer({ cert: certificate, key, pauseOnConnect: true, noDelay: true }, socket => {
    events.accepted(new StreamLink(socket, undefined, endsOf(socket)))
  })
  // Before the handshake of TLS is paid for.
  server.on('connection', socket => {
    if (accepts(socket.remoteAddress)) return
    socket.destroy()
    events.failed(new TransportError('ECONNREFUSED', `a filter refuses ${socket.remoteAddress ?? 'the peer'}`))
  })
  server.on('tlsClientError', error => events.failed(error))
  await listening(server, {
    host: await bindHost(host, options.ipv6),
    port,
    backlog: options.backlog,
    exclusive: true,
  })
  server.on('error', error => events.failed(error))
  const bound = server.address() as AddressInfo
  return listenerOf(server, tcpEndpoint(bound.address, bound.port))
}

function connectTo(address: string, options: LinkOptions, events: ConnectEvents): Connecting {
  const { host, port, source } = parseTcpAddress(address, 'connect')
  const { trust, trustSystem, hostname } = options.tls
  // Also the name that the certificate has to be for; that of an address is checked against the address.
  const name = hostname === '' ? host : hostname
  const authorities = [...(trust === '' ? [] : [trust]), ...(trustSystem ? rootCertificates : [])]
  const target: ConnectionOptions = {
    host,
    port,
    // libzmq trusts nobody until it is told whom.
    ca: authorities,
    ...(isIP(name) === 0 ? { servername: name } : {}),
  }
  if (!options.ipv6) Object.assign(target, { family: 4 })
  if (source !== undefined && source.host !== '*') {
    Object.assign(target, { localAddress: interfaceAddress(source.host, options.ipv6) ?? source.host })
  }
  const socket = connect(target)
  socket.setNoDelay(true)
  return connecting(socket, undefined, options, events, undefined, 'secureConnect')
}
