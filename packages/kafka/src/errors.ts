import { asError, isMillraceError, MillraceError, said } from 'millrace/adapter'
import type { ErrorCode } from 'millrace/adapter'

/** Kafka's error names (kafka.apache.org/protocol#protocol_error_codes); what is not here may pass by itself. */
const BY_API: Readonly<Record<string, ErrorCode>> = {
  SASL_AUTHENTICATION_FAILED: 'AUTH',
  UNSUPPORTED_SASL_MECHANISM: 'AUTH',
  TOPIC_AUTHORIZATION_FAILED: 'AUTH',
  GROUP_AUTHORIZATION_FAILED: 'AUTH',
  CLUSTER_AUTHORIZATION_FAILED: 'AUTH',
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: 'AUTH',
  MESSAGE_TOO_LARGE: 'TOO_LARGE',
  RECORD_LIST_TOO_LARGE: 'TOO_LARGE',
  UNKNOWN_TOPIC_OR_PARTITION: 'NO_ROUTE',
  UNKNOWN_TOPIC_ID: 'NO_ROUTE',
  INVALID_TOPIC_EXCEPTION: 'INVALID_TOPIC',
  INVALID_RECORD: 'INVALID_PAYLOAD',
  UNSUPPORTED_FOR_MESSAGE_FORMAT: 'SERVER_TOO_OLD',
  UNSUPPORTED_VERSION: 'SERVER_TOO_OLD',
  UNSUPPORTED_COMPRESSION_TYPE: 'SERVER_TOO_OLD',
  INVALID_REPLICATION_FACTOR: 'BAD_OPTION',
  INVALID_PARTITIONS: 'BAD_OPTION',
  INVALID_CONFIG: 'BAD_OPTION',
  INVALID_SESSION_TIMEOUT: 'BAD_OPTION',
  POLICY_VIOLATION: 'BAD_OPTION',
  INCONSISTENT_GROUP_PROTOCOL: 'TOPOLOGY_MISMATCH',
  GROUP_MAX_SIZE_REACHED: 'TOO_MANY_SUBSCRIBERS',
}

const BY_CLIENT: Readonly<Record<string, ErrorCode>> = {
  PLT_KFK_AUTHENTICATION: 'AUTH',
  PLT_KFK_UNSUPPORTED_API: 'SERVER_TOO_OLD',
  PLT_KFK_UNSUPPORTED_COMPRESSION: 'BAD_OPTION',
}

/** One of ours for whatever the client threw; passes on what is one already. The real cause is often nested: it is looked for. */
export function ours(thrown: unknown, what: string): MillraceError {
  if (isMillraceError(thrown)) return thrown
  const error = asError(thrown)
  const found = named(error)
  return new MillraceError(found?.code ?? 'DISCONNECTED', `kafka: ${what}: ${found?.message ?? said(error)}`, {
    cause: error,
  })
}

/** Whether Kafka answered with one of these, however deep the client has put it. */
export function says(thrown: unknown, ...ids: readonly string[]): boolean {
  for (const error of tree(thrown)) if (ids.includes(String(error['apiId']))) return true
  return false
}

/** What the server answered, where the error came with an answer. */
export function answer<T>(thrown: unknown): T | undefined {
  for (const error of tree(thrown)) if (error['response']) return error['response'] as T
  return undefined
}

/** Our code for one of Kafka's error names; undefined for what may pass by itself. */
export function codeOf(apiId: string): ErrorCode | undefined {
  return BY_API[apiId]
}

function named(error: Error): { readonly code: ErrorCode; readonly message: string } | undefined {
  for (const one of tree(error)) {
    if (isMillraceError(one)) return one
    const code = BY_API[String(one['apiId'])] ?? BY_CLIENT[String(one['code'])]
    if (code) return { code, message: String(one['message']) }
    // The one case in which the client drops Kafka's answer and has only words of its own.
    if (one['code'] === 'PLT_KFK_USER' && String(one['message']).startsWith('Unknown topic '))
      return { code: 'NO_ROUTE', message: String(one['message']) }
  }
  return undefined
}

function* tree(thrown: unknown, depth = 0): Iterable<Record<string, unknown>> {
  if (typeof thrown !== 'object' || thrown === null || depth > 8) return
  const error = thrown as Record<string, unknown>
  yield error
  if (Array.isArray(error['errors'])) for (const one of error['errors']) yield* tree(one, depth + 1)
  yield* tree(error['cause'], depth + 1)
}
