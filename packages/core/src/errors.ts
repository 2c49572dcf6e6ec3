import type { Failure } from './contract.ts'

/**
 * Every code, what it means and whether trying again may help. A code is never reused and never changes its meaning;
 * messages may change, so match on the code. `docs/guide/errors.md` is held to this table by a test.
 */
export const CODES: Readonly<Record<ErrorCode, CodeMeaning>> = {
  UNSUPPORTED: { retry: false, means: 'The broker, as opened, cannot do what was asked; see its capabilities.' },
  SERVER_TOO_OLD: { retry: false, means: "The server cannot keep what the factory's options promise." },
  NO_ROUTE: { retry: false, means: 'Nobody could ever receive the message: no queue, no route.' },
  TOO_LARGE: { retry: false, means: "The payload is larger than the broker's limit." },
  INVALID_TOPIC: { retry: false, means: 'The name of a topic, group or pattern is not a legal one.' },
  INVALID_METADATA: {
    retry: false,
    means: 'A metadata key or value is outside its domain, or all of it is over 8 KiB.',
  },
  SETTLED: { retry: false, means: 'The delivery was already settled in another way.' },
  LOST: { retry: false, means: 'The delivery no longer belongs to this consumer; it will come again.' },
  CLOSED: { retry: false, means: 'The broker, subscription or router is closed.' },
  ABORTED: { retry: false, means: "The caller's signal ended the wait." },
  TIMEOUT: { retry: true, means: 'The time allowed ran out.' },
  DISCONNECTED: { retry: true, means: 'There is no connection to the broker now.' },
  AUTH: { retry: false, means: 'The broker refused the credentials or the permission.' },
  TOPOLOGY_MISMATCH: { retry: false, means: 'What exists on the broker differs from what was asked for.' },
  NO_DEAD_LETTER: { retry: false, means: 'A message was rejected and the subscription has no dead-letter topic.' },
  DELAY_TOO_LONG: { retry: false, means: 'The delay is longer than the broker can keep.' },
  BAD_OPTION: { retry: false, means: 'An option is unknown or outside its bounds.' },
  PUBLISH_FAILED: { retry: true, means: 'At least one message was not accepted; see failures.' },
  BREAKER_OPEN: { retry: true, means: 'The circuit breaker is open; the work was not tried.' },
  QUEUE_FULL: { retry: true, means: 'A bounded queue is full and its policy is to refuse.' },
  TOO_MANY_TOPICS: { retry: false, means: 'The limit on topics is reached.' },
  TOO_MANY_SUBSCRIBERS: { retry: false, means: "The limit on a topic's subscribers is reached." },
  UNDECODABLE: { retry: false, means: 'The bytes are not a message, or not a value of the topic.' },
  INVALID_PAYLOAD: { retry: false, means: "The value does not satisfy the topic's schema." },
  NOT_INSTALLED: { retry: false, means: 'A package that this needs is not installed.' },
}

/** Every code there is; `CODES` says what each means. */
export type ErrorCode =
  | 'UNSUPPORTED'
  | 'SERVER_TOO_OLD'
  | 'NO_ROUTE'
  | 'TOO_LARGE'
  | 'INVALID_TOPIC'
  | 'INVALID_METADATA'
  | 'SETTLED'
  | 'LOST'
  | 'CLOSED'
  | 'ABORTED'
  | 'TIMEOUT'
  | 'DISCONNECTED'
  | 'AUTH'
  | 'TOPOLOGY_MISMATCH'
  | 'NO_DEAD_LETTER'
  | 'DELAY_TOO_LONG'
  | 'BAD_OPTION'
  | 'PUBLISH_FAILED'
  | 'BREAKER_OPEN'
  | 'QUEUE_FULL'
  | 'TOO_MANY_TOPICS'
  | 'TOO_MANY_SUBSCRIBERS'
  | 'UNDECODABLE'
  | 'INVALID_PAYLOAD'
  | 'NOT_INSTALLED'

/** What a code says to whoever meets it. */
export interface CodeMeaning {
  /** Whether trying again may help. */
  readonly retry: boolean
  readonly means: string
}

export interface MillraceErrorOptions {
  readonly cause?: unknown
  readonly failures?: readonly Failure[]
}

/** The one class of errors; told apart by `code`. Test with `isMillraceError`, for two copies may be loaded. */
export class MillraceError extends Error {
  readonly code: ErrorCode
  /** For PUBLISH_FAILED: each message that was not accepted. */
  readonly failures: readonly Failure[]

  constructor(code: ErrorCode, text: string, options: MillraceErrorOptions = {}) {
    super(text, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'MillraceError'
    this.code = code
    this.failures = options.failures ?? []
  }

  /** Whether trying again may help. */
  get retry(): boolean {
    return CODES[this.code].retry
  }
}

/** True for an error of Millrace's, of the given code where one is given. Never throws, whatever it is asked about. */
export function isMillraceError(error: unknown, code?: ErrorCode): error is MillraceError {
  if (typeof error !== 'object' || error === null) return false
  try {
    const { name, code: own } = error as MillraceError
    return name === 'MillraceError' && Object.hasOwn(CODES, own) && (code === undefined || own === code)
  } catch {
    return false
  }
}

/** Makes an Error of whatever was thrown, also of what cannot be shown. An error of another realm is one. Never throws. */
export function asError(thrown: unknown): Error {
  if (isError(thrown)) return thrown
  return new Error(typeof thrown === 'string' ? thrown : `a value that is no error was thrown: ${shown(thrown)}`, {
    cause: thrown,
  })
}

/**
 * What an error says: its message, and the system's where a client hides that behind words of its own, or behind none, as
 * Node does where a name has several addresses.
 */
export function said(error: Error): string {
  const system = systems(error, 0)
  const { message } = error
  if (system === undefined || message.includes(system)) return message === '' ? error.name : message
  return message === '' ? system : `${message} (${system})`
}

/** The message of a system error (ECONNREFUSED…), however deep it is. */
function systems(thrown: unknown, depth: number): string | undefined {
  if (!(thrown instanceof Error) || depth > 8) return undefined
  const { code, cause, message } = thrown as Error & { readonly code?: unknown }
  if (typeof code === 'string' && /^E[A-Z]+$/.test(code) && message !== '') return message
  const several: readonly unknown[] = thrown instanceof AggregateError ? thrown.errors : []
  for (const one of [...several, cause]) {
    const found = systems(one, depth + 1)
    if (found !== undefined) return found
  }
  return undefined
}

/** An error whose name and message can be read: what cannot even be asked is none. */
function isError(thrown: unknown): thrown is Error {
  try {
    if (!(thrown instanceof Error) && Object.prototype.toString.call(thrown) !== '[object Error]') return false
    const { name, message } = thrown as Error
    return typeof name === 'string' && typeof message === 'string'
  } catch {
    return false
  }
}

function shown(thrown: unknown): string {
  try {
    return String(thrown)
  } catch {
    return `${typeof thrown} that cannot be shown`
  }
}
