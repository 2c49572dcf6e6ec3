/**
 * How a message travels: in the broker's own headers where it has some, else in a JSON envelope. Reading is tolerant,
 * for other producers write headers too: nothing that they do makes a message unreadable.
 */
import { createHash } from 'node:crypto'
import type { Message } from '../contract.ts'
import { asError, MillraceError } from '../errors.ts'

/** Header names. Metadata travels beside them under its own keys. */
export const HEADERS = {
  id: 'millrace-id',
  key: 'millrace-key',
  time: 'millrace-time',
  expires: 'millrace-expires',
  attempt: 'millrace-attempt',
  tombstone: 'millrace-tombstone',
} as const

/** What travels beside the message. */
export interface Stamp {
  /** When it was published, ms since the epoch. */
  readonly time?: number | undefined
  readonly expires?: number | undefined
  readonly attempt?: number | undefined
}

/** A message and what travelled with it. `id` is absent for another producer's message: derive one by `foreignId`. */
export interface Opened extends Stamp {
  readonly id: string | undefined
  readonly key: string | undefined
  readonly tombstone: boolean
  readonly metadata: Readonly<Record<string, string>>
}

/** A message's headers, all of them strings. */
export function toHeaders(message: Message, stamp: Stamp = {}): Record<string, string> {
  const headers: Record<string, string> = { ...message.metadata, [HEADERS.id]: message.id }
  if (message.key !== undefined) headers[HEADERS.key] = message.key
  if (message.tombstone) headers[HEADERS.tombstone] = '1'
  if (stamp.time !== undefined) headers[HEADERS.time] = String(stamp.time)
  if (stamp.expires !== undefined) headers[HEADERS.expires] = String(stamp.expires)
  if (stamp.attempt !== undefined && stamp.attempt > 1) headers[HEADERS.attempt] = String(stamp.attempt)
  return headers
}

const LEGAL = /^[A-Za-z0-9._-]{1,128}$/
const SYSTEM = new Set<string>(Object.values(HEADERS))
const decoder = new TextDecoder()
/** A mark of byte order is a character of the value like the others. */
const exactly = new TextDecoder('utf-8', { ignoreBOM: true })

/**
 * Reads headers of whoever wrote them. Values that are no strings become strings (bytes by UTF-8, objects by JSON);
 * keys that metadata cannot have are left out, as are all of `ignore`.
 */
export function fromHeaders(headers: Iterable<readonly [string, unknown]>, ignore?: (key: string) => boolean): Opened {
  const system: Record<string, string> = {}
  const metadata: Record<string, string> = {}
  for (const [key, value] of headers) {
    if (value === undefined || value === null) continue
    const text = readable(value)
    // A key is whatever was published, U+0000 included.
    if (SYSTEM.has(key)) system[key] = key === HEADERS.key && typeof value === 'string' ? value.toWellFormed() : text
    else if (LEGAL.test(key) && !ignore?.(key) && (!/^millrace-/i.test(key) || key.startsWith('millrace-dead-')))
      // Of several of one name the last counts. Plain assignment would set '__proto__' itself.
      Object.defineProperty(metadata, key, { value: text, enumerable: true, configurable: true, writable: true })
  }
  return {
    id: system[HEADERS.id] === '' ? undefined : system[HEADERS.id],
    key: system[HEADERS.key],
    tombstone: system[HEADERS.tombstone] === '1',
    time: whole(system[HEADERS.time]),
    expires: whole(system[HEADERS.expires]),
    attempt: whole(system[HEADERS.attempt]),
    metadata: Object.freeze(metadata),
  }
}

/** Puts a message together from what was opened. */
export function opened(from: Opened, payload: Uint8Array, fallbackId: () => string, key?: string): Message {
  const own = from.key ?? key
  return {
    id: from.id ?? fallbackId(),
    payload,
    metadata: from.metadata,
    ...(own !== undefined && { key: own }),
    ...(from.tombstone && { tombstone: true as const }),
  }
}

/** An id for a message that has none: the same for the same place, in the form of a UUID (RFC 9562 §5.8, version 8). */
export function foreignId(...place: (string | number | bigint | Uint8Array)[]): string {
  const hash = createHash('sha256')
  for (const part of place) hash.update(part instanceof Uint8Array ? part : String(part)).update('\0')
  const hex = hash.digest('hex')
  const variant = '89ab'[parseInt(hex[16] ?? '0', 16) & 3]
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

interface Envelope {
  readonly v: 1
  readonly id: string
  readonly key?: string
  readonly metadata: Record<string, string>
  readonly payload: string
  readonly time?: number
  readonly expires?: number
  readonly attempt?: number
  readonly tombstone?: true
}

const encoder = new TextEncoder()

/** A whole message as JSON `{ v, id, key, metadata, payload }`, the payload in base64. */
export function seal(message: Message, stamp: Stamp = {}): Uint8Array {
  const { id, key, metadata, payload, tombstone } = message
  const envelope: Envelope = {
    v: 1,
    id,
    ...(key !== undefined && { key }),
    metadata,
    payload: Buffer.from(payload.buffer, payload.byteOffset, payload.length).toString('base64'),
    ...(stamp.time !== undefined && { time: stamp.time }),
    ...(stamp.expires !== undefined && { expires: stamp.expires }),
    ...(stamp.attempt !== undefined && stamp.attempt > 1 && { attempt: stamp.attempt }),
    ...(tombstone && { tombstone }),
  }
  return encoder.encode(JSON.stringify(envelope))
}

/** The message in an envelope. @throws UNDECODABLE for anything that is none */
export function unseal(bytes: Uint8Array): { readonly message: Message; readonly stamp: Stamp } {
  let envelope: Partial<Envelope> | null
  try {
    envelope = JSON.parse(decoder.decode(bytes)) as Partial<Envelope> | null
  } catch (error) {
    throw new MillraceError('UNDECODABLE', `the bytes are no envelope: ${asError(error).message}`, { cause: error })
  }
  if (typeof envelope !== 'object' || envelope === null || envelope.v !== 1 || typeof envelope.payload !== 'string')
    throw new MillraceError('UNDECODABLE', 'the JSON is no envelope of version 1')
  if (typeof envelope.id !== 'string' || envelope.id === '')
    throw new MillraceError('UNDECODABLE', 'the envelope has no id')
  const entries = typeof envelope.metadata === 'object' && envelope.metadata !== null ? envelope.metadata : {}
  const { metadata } = fromHeaders(Object.entries(entries))
  return {
    message: {
      id: envelope.id,
      payload: Buffer.from(envelope.payload, 'base64'),
      metadata,
      ...(typeof envelope.key === 'string' && { key: envelope.key }),
      ...(envelope.tombstone === true && { tombstone: true as const }),
    },
    stamp: {
      time: finite(envelope.time),
      expires: finite(envelope.expires),
      attempt: finite(envelope.attempt),
    },
  }
}

function readable(value: unknown): string {
  if (typeof value === 'string') return clean(value)
  if (value instanceof Uint8Array) return clean(exactly.decode(value))
  if (typeof value === 'object') {
    try {
      return clean(JSON.stringify(value))
    } catch {
      return ''
    }
  }
  return clean(String(value as number | boolean | bigint | symbol))
}

function clean(text: string): string {
  return text.toWellFormed().replaceAll('\0', '')
}

function whole(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,16}$/.test(text)) return undefined
  return Number(text)
}

function finite(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}
