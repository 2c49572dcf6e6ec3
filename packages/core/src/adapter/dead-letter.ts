import type { Message } from '../contract.ts'
import { asError } from '../errors.ts'
import { newId } from '../id.ts'
import type { Raw } from './driver.ts'

/** Where a dead letter came from and why, as its metadata tells. */
export interface Provenance {
  readonly topic: string
  readonly group?: string
  readonly attempts: number
  /** The last failure: its name and message. */
  readonly error?: string
  readonly stack?: string
  /** The first failure, where this process saw it and it differs. */
  readonly firstError?: string
}

const TOPIC = 'millrace-dead-topic'
const GROUP = 'millrace-dead-group'
const ATTEMPTS = 'millrace-dead-attempts'
const ERROR = 'millrace-dead-error'
const STACK = 'millrace-dead-stack'
const FIRST = 'millrace-dead-first-error'
const KEYS = [TOPIC, GROUP, ATTEMPTS, ERROR, STACK, FIRST]

/** All of the provenance together, in bytes of UTF-8: more, and the dead letter may itself be too large. */
const LIMIT = 4096

export interface DeathNotice {
  readonly raw: Raw
  readonly group: string | undefined
  readonly attempts: number
  readonly error: unknown
  readonly firstError: unknown
}

/** The message for the dead-letter topic: the same id, key and payload, the provenance in its metadata. */
export function deadLetter(notice: DeathNotice): Message {
  const { raw, group, attempts, error, firstError } = notice
  const own = raw.message ?? unreadable(raw)
  const metadata: Record<string, string> = {}
  let left = LIMIT
  const put = (key: string, value: string | undefined): void => {
    if (value === undefined || left <= key.length) return
    const fitting = fit(value, left - key.length)
    left -= key.length + Buffer.byteLength(fitting)
    metadata[key] = fitting
  }
  put(TOPIC, raw.topic)
  put(GROUP, group)
  put(ATTEMPTS, String(attempts))
  put(ERROR, describe(error)?.slice(0, 1024))
  const first = describe(firstError)
  if (first !== metadata[ERROR]) put(FIRST, first?.slice(0, 512))
  put(STACK, stackOf(error))
  return { ...own, metadata: Object.freeze({ ...withoutKeys(own.metadata), ...metadata }) }
}

/** What a dead letter's metadata tells; undefined for a message that is none. */
export function provenance(message: Message): Provenance | undefined {
  const { metadata } = message
  const topic = metadata[TOPIC]
  if (topic === undefined) return undefined
  return {
    topic,
    attempts: Number(metadata[ATTEMPTS] ?? 0),
    ...(metadata[GROUP] !== undefined && { group: metadata[GROUP] }),
    ...(metadata[ERROR] !== undefined && { error: metadata[ERROR] }),
    ...(metadata[STACK] !== undefined && { stack: metadata[STACK] }),
    ...(metadata[FIRST] !== undefined && { firstError: metadata[FIRST] }),
  }
}

/** The message as it was before it died, for publishing it again to where it came from. */
export function withoutProvenance(message: Message): Message {
  return { ...message, metadata: Object.freeze(withoutKeys(message.metadata)) }
}

function withoutKeys(metadata: Readonly<Record<string, string>>): Record<string, string> {
  const rest: Record<string, string> = { ...metadata }
  for (const key of KEYS) delete rest[key]
  return rest
}

/** Bytes that were no message still go to the dead-letter topic, as they are. */
function unreadable(raw: Raw): Message {
  return { id: newId(), payload: raw.undecodable?.payload ?? new Uint8Array(0), metadata: {} }
}

function describe(error: unknown): string | undefined {
  if (error === undefined) return undefined
  if (typeof error === 'string') return error
  const { name, message } = asError(error)
  return `${name}: ${message}`
}

/** Some make it an array of frames, or throw when asked: a dead letter must not fail for that. */
function stackOf(error: unknown): string | undefined {
  try {
    const { stack } = error as { stack?: unknown }
    return error instanceof Error && typeof stack === 'string' ? stack : undefined
  } catch {
    return undefined
  }
}

/** As much as fits in so many bytes of UTF-8, well-formed and without U+0000. */
export function fit(value: string, bytes: number): string {
  const clean = value.toWellFormed().replaceAll('\0', '')
  if (Buffer.byteLength(clean) <= bytes) return clean
  return new TextDecoder('utf-8', { fatal: false })
    .decode(Buffer.from(clean).subarray(0, bytes))
    .replace(/\uFFFD+$/, '')
}
