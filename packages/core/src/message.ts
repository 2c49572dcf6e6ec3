import type { Message } from './contract.ts'
import { known } from './bounds.ts'
import { MillraceError } from './errors.ts'
import { newId } from './id.ts'

/** What a message carries beside its payload. Bounds: `Message`. */
export interface MessageOptions {
  /** Default: a new UUIDv7. Not empty, at most 255 characters, well-formed, without U+0000. */
  readonly id?: string
  /** Well-formed: without lone surrogates. */
  readonly key?: string
  readonly metadata?: Readonly<Record<string, string>>
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()
/** A mark of byte order is a character of the text like the others. */
const exactly = new TextDecoder('utf-8', { ignoreBOM: true })
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

const OPTIONS: Readonly<Record<keyof MessageOptions, true>> = { id: true, key: true, metadata: true }

/** @throws BAD_OPTION where these are no options, or where there is a name that is none's */
export function checkOptionNames(options: MessageOptions): void {
  if (typeof options !== 'object' || options === null) known('message', options, OPTIONS)
  // To compare each name costs more than to count them, and it is on every message's way.
  let names = 0
  for (const _ in options) names++
  const { id, key, metadata } = options
  if (names !== Number(id !== undefined) + Number(key !== undefined) + Number(metadata !== undefined))
    known('message', options, OPTIONS)
}

/** A message whose payload is null: "this key is gone", where the broker tells that from an empty payload. @throws BAD_OPTION */
export function tombstone(key: string, options?: Omit<MessageOptions, 'key'>): Message {
  if (typeof key !== 'string') throw new MillraceError('BAD_OPTION', 'a tombstone has a key: a string')
  return { ...withOptions(EMPTY, { ...options, key }), tombstone: true }
}

/** The payload as UTF-8 text. */
export function text(message: Message): string {
  return exactly.decode(message.payload)
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
  checkOptionNames(options)
  const { id, key, metadata } = options
  if (id !== undefined && !isId(id))
    throw new MillraceError('BAD_OPTION', 'an id is a well-formed string of 1 to 255 characters, without U+0000')
  // It may have U+0000: numbers are keys of other producers' on Kafka, and outputs take over the key of what came in.
  if (key !== undefined && (typeof key !== 'string' || !key.isWellFormed()))
    throw new MillraceError('BAD_OPTION', 'a key is a well-formed string')
  const own = metadata === undefined ? NO_METADATA : checkedMetadata(metadata)
  return key === undefined
    ? { id: id ?? newId(), payload, metadata: own }
    : { id: id ?? newId(), payload, metadata: own, key }
}

function isId(id: unknown): boolean {
  return typeof id === 'string' && id.length > 0 && id.length <= 255 && id.isWellFormed() && !id.includes('\0')
}

const KEY = /^[A-Za-z0-9._-]{1,128}$/
/** The user's metadata in all: keys and values in UTF-8. */
export const METADATA_BYTES: number = 8 * 1024

const Given = function (given: object): object {
  return given
} as unknown as new (given: object) => object

/**
 * The mark of what `checkedMetadata` made, so that it is not checked again at each publish: a private field on the
 * object itself, which nobody can see, copy or forge. A WeakSet of every message in flight costs three times as much.
 */
class Mark extends Given {
  // Used below; the rule does not know `in`.
  // oxlint-disable-next-line no-unused-private-class-members
  readonly #checked = true

  static put(metadata: object): void {
    new Mark(metadata)
  }

  static on(metadata: object): boolean {
    return #checked in metadata
  }
}

export function isCheckedMetadata(metadata: Readonly<Record<string, string>>): boolean {
  return metadata === NO_METADATA || (typeof metadata === 'object' && metadata !== null && Mark.on(metadata))
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
  // Keys without capitals differ as they stand; only with one is it worth remembering what they are in small letters.
  let seen: Set<string> | undefined
  // At most, until that is too much: counting costs as much as all the rest.
  let bytes = 0
  let exact = false
  for (const key of Object.keys(metadata)) {
    const value = metadata[key]
    const lower = key.toLowerCase()
    if (!KEY.test(key)) throw invalid(`key '${key}' is not [A-Za-z0-9._-]{1,128}`)
    if (typeof value !== 'string') throw invalid(`the value of '${key}' is not a string`)
    if (lower !== key) {
      seen ??= new Set(Object.keys(metadata).filter(one => one === one.toLowerCase()))
      if (seen.has(lower)) throw invalid(`key '${key}' differs from another only in case`)
      seen.add(lower)
    }
    if (value.includes('\0') || !value.isWellFormed())
      throw invalid(`the value of '${key}' has U+0000 or a lone surrogate`)
    const provenance = where === 'publish' && lower.startsWith('millrace-dead-')
    if (lower.startsWith('millrace-') && !provenance) throw invalid(`key '${key}' is reserved`)
    if (!provenance) bytes += key.length + (exact ? Buffer.byteLength(value) : 3 * value.length)
    if (bytes > METADATA_BYTES && !exact) {
      exact = true
      bytes = sizeOf(copy) + key.length + Buffer.byteLength(value)
    }
    if (bytes > METADATA_BYTES && !provenance) throw invalid(`it is over ${METADATA_BYTES} bytes in all`)
    // Such a key must become an own property.
    if (key === '__proto__') Object.defineProperty(copy, key, { value, enumerable: true })
    else copy[key] = value
  }
  Mark.put(copy)
  return Object.freeze(copy)
}

/** Of what is the user's own. */
function sizeOf(metadata: Readonly<Record<string, string>>): number {
  let bytes = 0
  for (const [key, value] of Object.entries(metadata))
    if (!key.toLowerCase().startsWith('millrace-')) bytes += key.length + Buffer.byteLength(value)
  return bytes
}

function invalid(what: string): MillraceError {
  return new MillraceError('INVALID_METADATA', `metadata: ${what}`)
}
