import { MillraceError } from 'millrace/adapter'
import type { NodeConnectionOptions } from '@nats-io/transport-node'

/** The client's options for a URL, or several joined by commas. @throws BAD_OPTION, without any part of the URL in it */
export function address(url: string): NodeConnectionOptions {
  const hosts: string[] = []
  let credentials: { user?: string; pass?: string } | { token: string } = {}
  let secure = false
  for (const one of url.split(',')) {
    const scheme = /^(jetstream|nats|tls)(\+tls)?:\/\//i.exec(one)
    // Further hosts may leave the scheme out.
    if (!scheme && (hosts.length === 0 || one.includes('://'))) throw unreadable()
    secure ||= scheme?.[1]?.toLowerCase() === 'tls' || scheme?.[2] !== undefined
    const read = parsed(`nats://${one.slice(scheme?.[0].length ?? 0)}`)
    if (read.host === '') throw unreadable()
    hosts.push(read.host)
    const [user, pass] = [decoded(read.username), decoded(read.password)]
    if (user !== '') credentials = pass === '' ? { token: user } : { user, pass }
  }
  return secure ? { servers: hosts, ...credentials, tls: {} } : { servers: hosts, ...credentials }
}

function parsed(text: string): URL {
  // An error of URL's own would have the text in it, password and all.
  if (!URL.canParse(text)) throw unreadable()
  return new URL(text)
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new MillraceError('BAD_OPTION', 'nats: user and password in a url are percent-encoded')
  }
}

function unreadable(): MillraceError {
  return new MillraceError(
    'BAD_OPTION',
    'nats: a url is nats://user:password@host:4222, jetstream://… or tls://…; yours is not',
  )
}
