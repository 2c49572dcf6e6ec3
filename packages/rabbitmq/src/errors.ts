import { asError, isMillraceError, MillraceError, said } from 'millrace/adapter'
import type { ErrorCode } from 'millrace/adapter'

/** AMQP 0-9-1 §1.2.1: reply codes that say more than "the link is broken". */
const BY_REPLY: Readonly<Record<number, ErrorCode>> = {
  311: 'TOO_LARGE', // content-too-large
  403: 'AUTH', // access-refused
  404: 'TOPOLOGY_MISMATCH', // not-found
  405: 'TOPOLOGY_MISMATCH', // resource-locked: another connection's exclusive queue
  406: 'TOPOLOGY_MISMATCH', // precondition-failed
  530: 'AUTH', // not-allowed: no such virtual host, or none of ours
  540: 'SERVER_TOO_OLD', // not-implemented
}

/** One of ours for whatever the client threw; passes on what is one already. What is not known counts as a broken link. */
export function ours(thrown: unknown, what: string): MillraceError {
  if (isMillraceError(thrown)) return thrown
  const error = asError(thrown)
  return new MillraceError(codeOf(error), `rabbitmq: ${what}: ${said(error)}`, { cause: error })
}

/** A queue or stream of a node that is starting is there, and will be reachable: 404 and 406 that pass. */
const STARTING =
  /process not alive|home node|(?:currently|coordinator) unavailable|does not have a (?:running )?(?:local )?replica|being demoted|timed out|timeout/i

function codeOf(error: Error): ErrorCode {
  const { message } = error
  // What queues and arguments are called says nothing.
  const said = message.replaceAll(/'[^']*'/g, "''")
  if (/message size|content too large/i.test(said)) return 'TOO_LARGE'
  // Among them what ends the channel of a consumer that holds a message for longer than the server's consumer_timeout.
  if (STARTING.test(said)) return 'DISCONNECTED'
  const { code } = error as { code?: unknown }
  // Errors of the handshake carry the reply in their text alone.
  const reply = typeof code === 'number' ? code : Number(/\b(\d{3}) \(/.exec(message)?.[1])
  const known = BY_REPLY[reply]
  if (known) return known
  if (/ACCESS[-_]REFUSED|NOT_ALLOWED|SASL mechanism/i.test(message)) return 'AUTH'
  if (error instanceof RangeError && /field table/i.test(message)) return 'INVALID_METADATA'
  return 'DISCONNECTED'
}

/** What a publish failed of when the server closed its channel: there a missing exchange is a missing route. */
export function publishing(thrown: unknown, topic: string): MillraceError {
  const error = ours(thrown, `publish to '${topic}'`)
  return error.code === 'TOPOLOGY_MISMATCH'
    ? new MillraceError('NO_ROUTE', error.message, { cause: error.cause })
    : error
}
