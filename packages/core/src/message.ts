import type { Message } from './contract.ts'
import { MillraceError } from './errors.ts'
import { newId } from './id.ts'

export interface MessageOptions {
  /** Default: a new UUIDv7. Not empty, at most 255 characters. */
  readonly id?: string
  readonly key?: string
  readonly metadata?: Readonly<Record<string, string>>
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()
const NO_METADATA: Readonly<Record<string, string>> = Object.freeze({})
const EMPTY = new Uint8Array(0)

/**
 * Makes a message of bytes or of text (UTF-8). The bytes are not copied: do not change them afterwards.
 * @throws INVALID_METADATA, INVALID_PAYLOAD, BAD_OPTION
 */
export function message(payload: Uint8Array | string, options?: MessageOptions): Message {
  const bytes = typeof payload === 'string' ? encoder.encode(payload) : payload
  if (!(bytes instanceof Uint8Array))
    throw new MillraceError(
      'INVALID_PAYLOAD',
      'a payload is a Uint8Array or a string; encode other values with a topic',
    )
  if (options === undefined) return { id: newId(), payload: bytes, metadata: NO_METADATA }
  return withOptions(bytes, options)
}

/** A message whose payload is null: "this key is gone", where the broker tells that from an empty payload. */
export function tombstone(key: string, options?: Omit<MessageOptions, 'key'>): Message {
  return { ...withOptions(EMPTY, { ...options, key }), tombstone: true }
}

/** The payload as UTF-8 text. */
export function text(message: Message): string {
  return decoder.decode(message.payload)
}

/** The payload as JSON. @throws UNDECODABLE */
export function json(message: Message): unknown {
  try {
    return JSON.parse(decoder.decode(message.payload))
  } catch (error) {
    throw new MillraceError('UNDECODABLE', `message ${message.id}: the payload is not JSON`, { cause: error })
  }
}

function withOptions(payload: Uint8Array, options: MessageOptions): Message {
  const { id, key, metadata } = options
  if (id !== undefined && (typeof id !== 'string' || id.length === 0 || id.length > 255))
    throw new MillraceError('BAD_OPTION', 'an id is a string of 1 to 255 characters')
  if (key !== undefined && typeof key !== 'string') throw new MillraceError('BAD_OPTION', 'a key is a string')
  const own = metadata === undefined ? NO_METADATA : checkedMetadata(metadata)
  return key === undefined
    ? { id: id ?? newId(), payload, metadata: own }
    : { id: id ?? newId(), payload, metadata: own, key }
}

const KEY = /^[A-Za-z0-9._-]{1,128}$/
/** The user's metadata in all: keys and values in UTF-8. */
const METADATA_BYTES = 8 * 1024

/** What `checkedMetadata` made: not to be checked again at each publish. */
const checked = new WeakSet<object>([NO_METADATA])

export function isCheckedMetadata(metadata: Readonly<Record<string, string>>): boolean {
  return metadata === NO_METADATA || checked.has(metadata)
}

/**
 * Checks and returns a frozen copy. A publisher may pass on the provenance of a dead letter (`millrace-dead-…`);
 * whoever makes a message may not use the reserved prefix at all.
 * @throws INVALID_METADATA
 */
export function checkedMetadata(
  metadata: Readonly<Record<string, string>>,
  where: 'message' | 'publish' = 'message',
): Readonly<Record<string, string>> {
  if (typeof metadata !== 'object' || metadata === null) throw invalid('it is no object')
  const copy: Record<string, string> = {}
  const seen = new Set<string>()
  let bytes = 0
  for (const [key, value] of Object.entries(metadata)) {
    const lower = key.toLowerCase()
    if (!KEY.test(key)) throw invalid(`key '${key}' is not [A-Za-z0-9._-]{1,128}`)
    if (typeof value !== 'string') throw invalid(`the value of '${key}' is not a string`)
    if (seen.has(lower)) throw invalid(`key '${key}' differs from another only in case`)
    if (value.includes('\0') || !value.isWellFormed()) throw invalid(`the value of '${key}' has U+0000 or a lone surrogate`)
    const provenance = where === 'publish' && lower.startsWith('millrace-dead-')
    if (lower.startsWith('millrace-') && !provenance) throw invalid(`key '${key}' is reserved`)
    seen.add(lower)
    if (!provenance) bytes += key.length + Buffer.byteLength(value)
    if (bytes > METADATA_BYTES) throw invalid(`it is over ${METADATA_BYTES} bytes in all`)
    // A key such as __proto__ must become an own property.
    Object.defineProperty(copy, key, { value, enumerable: true, writable: false, configurable: false })
  }
  Object.freeze(copy)
  checked.add(copy)
  return copy
}

function invalid(what: string): MillraceError {
  return new MillraceError('INVALID_METADATA', `metadata: ${what}`)
}
