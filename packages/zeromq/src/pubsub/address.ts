import { parseTcpAddress } from '../transport/address.ts'
import { parseWsAddress } from '../transport/ws.ts'

/**
 * Why nothing can ever be reached at an endpoint, or undefined. A socket says it when it is used, and then connecting goes
 * on for ever. The text has nothing of the endpoint: it may have a password in it.
 */
export function addressProblem(endpoint: string, side: 'bind' | 'connect'): string | undefined {
  const [, scheme, address] = /^(tcp|ipc|inproc|wss?):\/\/(.*)$/s.exec(endpoint) ?? []
  if (scheme === undefined || address === undefined)
    return 'zeromq: an endpoint begins with tcp://, ipc://, inproc://, ws:// or wss://'
  // ipc's @ begins an abstract name.
  if (scheme === 'ipc' || scheme === 'inproc') return address === '' ? `zeromq: ${scheme}:// wants a name` : undefined
  if (address.includes('@')) return 'zeromq: an address has no user and no password'
  try {
    parseTcpAddress(scheme === 'tcp' ? address : parseWsAddress(address).target, side)
    return undefined
  } catch {
    return `zeromq: ${scheme}:// wants host:port, with a port from 1 to 65535${side === 'bind' ? ' or *' : ''}`
  }
}
