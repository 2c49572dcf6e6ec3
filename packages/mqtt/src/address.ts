import { MillraceError } from 'millrace/adapter'
import type { IClientOptions } from 'mqtt'

const PROTOCOLS = { 'mqtt:': 'mqtt', 'mqtts:': 'mqtts', 'mqtt+ws:': 'ws', 'mqtt+wss:': 'wss' } as const
const PORTS = { mqtt: 1883, mqtts: 8883, ws: 80, wss: 443 } as const

/** `mqtt:`, `mqtts:`, `mqtt+ws:` and `mqtt+wss:` as the client's options. @throws BAD_OPTION, without the URL in it */
export function address(url: string): IClientOptions {
  let read: URL
  try {
    // URL knows no default port for these schemes, so that nothing is lost.
    read = new URL(url)
  } catch {
    throw new MillraceError(
      'BAD_OPTION',
      'mqtt: a url is mqtt://user:password@host:1883, mqtts://…, mqtt+ws://… or mqtt+wss://…; yours is not',
    )
  }
  const protocol = PROTOCOLS[read.protocol as keyof typeof PROTOCOLS]
  if (protocol === undefined)
    throw new MillraceError(
      'BAD_OPTION',
      `mqtt: there is no scheme '${read.protocol}'; there are mqtt(s) and mqtt+ws(s)`,
    )
  if (read.hostname === '') throw new MillraceError('BAD_OPTION', 'mqtt: the url names no host')
  return {
    protocol,
    host: read.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: read.port === '' ? PORTS[protocol] : Number(read.port),
    ...(protocol.startsWith('ws') && { path: read.pathname === '' ? '/' : read.pathname }),
    ...(read.username !== '' && { username: decoded(read.username) }),
    ...(read.password !== '' && { password: decoded(read.password) }),
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new MillraceError('BAD_OPTION', 'mqtt: user and password in a url are percent-encoded')
  }
}
