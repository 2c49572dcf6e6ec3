import { asError, isMillraceError, MillraceError, said } from 'millrace/adapter'
import type { ErrorCode } from 'millrace/adapter'

/** The client's class names, for two copies of it may be loaded. */
const BY_NAME: Readonly<Record<string, ErrorCode>> = {
  AuthorizationError: 'AUTH',
  UserAuthenticationExpiredError: 'AUTH',
  PermissionViolationError: 'AUTH',
  ClosedConnectionError: 'DISCONNECTED',
  DrainingConnectionError: 'DISCONNECTED',
  ConnectionError: 'DISCONNECTED',
  TimeoutError: 'TIMEOUT',
  JetStreamNotEnabled: 'SERVER_TOO_OLD',
  StreamNotFoundError: 'NO_ROUTE',
  NoRespondersError: 'NO_ROUTE',
}

/** JetStream's own numbers (server/errors.json of nats-server). */
const BY_NUMBER: Readonly<Record<number, ErrorCode>> = {
  10_058: 'TOPOLOGY_MISMATCH', // stream name already in use with a different configuration
  10_065: 'TOPOLOGY_MISMATCH', // subjects overlap with an existing stream
  10_013: 'TOPOLOGY_MISMATCH', // consumer name already in use
  10_148: 'TOPOLOGY_MISMATCH', // consumer already exists
  10_039: 'SERVER_TOO_OLD', // JetStream not enabled for account
  10_076: 'SERVER_TOO_OLD', // JetStream not enabled
  10_077: 'QUEUE_FULL', // stream store failed: maximum messages, bytes
  10_054: 'TOO_LARGE', // message size exceeds maximum allowed
}

/** One of ours for whatever the client threw; passes on what is one already. */
export function ours(thrown: unknown, what: string): MillraceError {
  if (isMillraceError(thrown)) return thrown
  const error = asError(thrown)
  // A request error hides what it is about.
  const { cause } = error
  if (error.name === 'RequestError' && cause instanceof Error) return ours(cause, what)
  const number = (error as { code?: unknown }).code
  const code = (typeof number === 'number' ? BY_NUMBER[number] : undefined) ?? BY_NAME[error.name] ?? fallback(error)
  return new MillraceError(code, `nats: ${what}: ${said(error)}`, { cause: error })
}

function fallback(error: Error): ErrorCode {
  if (/authori[sz]ation|authentication|permission/i.test(error.message)) return 'AUTH'
  if (/payload.*exceed|max_payload/i.test(error.message)) return 'TOO_LARGE'
  return 'DISCONNECTED'
}
