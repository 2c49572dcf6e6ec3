import { TransportError } from './transport-error.ts'
import type { LinkOptions, Listener, ListenerEvents, Transport } from './transport.ts'
import { wsEndpoint, WsLink, type WsSide } from './ws-link.ts'

/**
 * ws and wss (RFC 45, libzmq's zmq_ws): `host:port[/path]`, over the transport that moves the octets, tcp or TLS.
 * `scratch` is memory that every connection of the context reads into.
 */
export function wsTransport(scheme: 'ws' | 'wss', below: Transport, scratch: Uint8Array): Transport {
  return {
    async listen(address, options, events) {
      const { target, path } = parseWsAddress(address)
      const side = sideOf('server', { scheme, path, host: '' }, options)
      return listenerOver(await below.listen(target, options, upgraded(side, events)), side)
    },
    ...(below.listenNow === undefined
      ? {}
      : {
          listenNow(address, options, events) {
            const { target, path } = parseWsAddress(address)
            const side = sideOf('server', { scheme, path, host: '' }, options)
            return listenerOver(below.listenNow!(target, options, upgraded(side, events)), side) // looked at above
          },
        }),
    connect(address, options, events) {
      const { target, path } = parseWsAddress(address)
      const host = target.slice(target.lastIndexOf(';') + 1)
      const side = sideOf('client', { scheme, path, host }, options)
      return below.connect(target, options, {
        connected: link => events.connected(new WsLink(link, side, scratch)),
        failed: error => events.failed(error),
      })
    },
  }

  function upgraded(side: WsSide, events: ListenerEvents): ListenerEvents {
    return {
      accepted: link => events.accepted(new WsLink(link, side, scratch)),
      failed: error => events.failed(error),
      crowded: () => events.crowded?.() === true,
    }
  }
}

/** What follows `ws://`: the address for the transport below, and the path, '/' where there is none. Throws EINVAL. */
export function parseWsAddress(address: string): { target: string; path: string } {
  const slash = address.indexOf('/')
  if (slash < 0) return { target: address, path: '/' }
  const path = address.slice(slash)
  if (!/^[!-~]+$/.test(path)) throw new TransportError('EINVAL', `'${path}' is not the path of a URL`)
  return { target: address.slice(0, slash), path }
}

function sideOf(side: WsSide['side'], names: Pick<WsSide, 'scheme' | 'path' | 'host'>, options: LinkOptions): WsSide {
  const { mechanism, socketType, largestFrame } = options
  if (socketType === 'STREAM') throw new TransportError('ENOCOMPATPROTO', 'a STREAM socket speaks tcp alone')
  return { side, ...names, mechanism, socketType, largestFrame }
}

function listenerOver(below: Listener, side: WsSide): Listener {
  return {
    endpoint: wsEndpoint(below.endpoint, side),
    get fd() {
      return below.fd
    },
    close: () => below.close(),
    ref: () => below.ref(),
    unref: () => below.unref(),
  }
}
