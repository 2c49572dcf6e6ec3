import { asError, isMillraceError, MillraceError, said } from 'millrace/adapter'
import type { ErrorCode } from 'millrace/adapter'

/** CONNACK's return codes of MQTT 3.1.1 §3.2.2.3, and the reason codes of MQTT 5 §2.4 that are not just a lost link. */
const BY_REASON: Readonly<Record<number, ErrorCode>> = {
  1: 'SERVER_TOO_OLD', // unacceptable protocol version
  2: 'BAD_OPTION', // identifier rejected
  4: 'AUTH', // bad user name or password
  5: 'AUTH', // not authorized
  132: 'SERVER_TOO_OLD', // unsupported protocol version
  133: 'BAD_OPTION', // client identifier not valid
  134: 'AUTH', // bad user name or password
  135: 'AUTH', // not authorized
  138: 'AUTH', // banned
  140: 'AUTH', // bad authentication method
  142: 'TOPOLOGY_MISMATCH', // session taken over
  143: 'INVALID_TOPIC', // topic filter invalid
  144: 'INVALID_TOPIC', // topic name invalid
  149: 'TOO_LARGE', // packet too large
  151: 'QUEUE_FULL', // quota exceeded
  154: 'UNSUPPORTED', // retain not supported
  155: 'UNSUPPORTED', // QoS not supported
  158: 'UNSUPPORTED', // shared subscriptions not supported
  162: 'UNSUPPORTED', // wildcard subscriptions not supported
}

/** A subscription that MQTT 3.1.1 refuses has only this one code (§3.9.3): servers use it for what one may not read. */
const REFUSED = 128

/** One of ours for whatever the client threw; passes on what is one already. */
export function ours(thrown: unknown, what: string): MillraceError {
  if (isMillraceError(thrown)) return thrown
  const error = asError(thrown)
  const { code } = error as { code?: unknown }
  return new MillraceError(codeOf(code, what), `mqtt: ${what}: ${said(error)}`, { cause: error })
}

/** What the server answered to a publish that it did not take (MQTT 5 §3.4.2.1). */
export function refused(reason: number): MillraceError {
  return new MillraceError(codeOf(reason, 'publish'), `mqtt: publish: the server refused it (reason ${reason})`)
}

/** What ended a connection, when the server said why (MQTT 5 §3.14). */
export function ended(reason: number | undefined): MillraceError {
  if (reason === 142)
    return new MillraceError(
      'TOPOLOGY_MISMATCH',
      'mqtt: another client has taken the session: clientId is to be unique',
    )
  const code = reason === undefined ? 'DISCONNECTED' : (BY_REASON[reason] ?? 'DISCONNECTED')
  const why = reason === undefined ? '' : ` (reason ${reason})`
  return new MillraceError(code, `mqtt: the connection is closed${why}`)
}

function codeOf(code: unknown, what: string): ErrorCode {
  if (typeof code === 'number') {
    if (code === REFUSED && what === 'subscribe') return 'AUTH'
    return BY_REASON[code] ?? 'DISCONNECTED'
  }
  if (typeof code === 'string' && /CERT|SELF_SIGNED|UNABLE_TO_|ERR_TLS/.test(code)) return 'AUTH'
  return 'DISCONNECTED'
}
