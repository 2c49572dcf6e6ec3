import { TransportError } from './transport-error.ts'

/** The parts of `tcp://[source;]host:port`. */
export interface TcpAddress {
  readonly host: string
  /** 0: any free port. */
  readonly port: number
  /** Where the connection comes from (connecting side). */
  readonly source: { readonly host: string; readonly port: number } | undefined
}

/**
 * Parses what follows `tcp://` (libzmq's zmq_tcp). Throws EINVAL where it can never be an address.
 *
 *     address = [source ";"] host ":" port        ; source as host ":" port
 *     host    = IPv4 | "[" IPv6 "]" | "*" | name | interface
 *     port    = number | "*"                      ; "*" and 0: any, for bind and for the source
 */
export function parseTcpAddress(address: string, side: 'bind' | 'connect'): TcpAddress {
  const semicolon = address.lastIndexOf(';')
  const target = parsePair(semicolon < 0 ? address : address.slice(semicolon + 1), side === 'bind')
  if (side === 'connect' && target.host === '*') throw invalid(address)
  const source = semicolon < 0 ? undefined : parsePair(address.slice(0, semicolon), true)
  return { ...target, source }
}

/** An endpoint as LAST_ENDPOINT tells it. */
export function tcpEndpoint(host: string, port: number): string {
  return host.includes(':') ? `tcp://[${host}]:${port}` : `tcp://${host}:${port}`
}

function parsePair(text: string, wildcardPort: boolean): { host: string; port: number } {
  const colon = text.lastIndexOf(':')
  if (colon <= 0) throw invalid(text)
  let host = text.slice(0, colon)
  const digits = text.slice(colon + 1)
  if (host.startsWith('[')) {
    if (!host.endsWith(']')) throw invalid(text)
    host = host.slice(1, -1)
  } else if (host.includes(':')) {
    throw invalid(text)
  }
  if (host === '' || /[\s/]/.test(host)) throw invalid(text)
  if (digits === '*' && wildcardPort) return { host, port: 0 }
  if (!/^\d{1,5}$/.test(digits)) throw invalid(text)
  const port = Number(digits)
  if (port > 65535 || (port === 0 && !wildcardPort)) throw invalid(text)
  return { host, port }
}

function invalid(address: string): TransportError {
  return new TransportError('EINVAL', `'${address}' is not an address of the form host:port`)
}
