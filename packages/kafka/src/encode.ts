import { isUtf8 } from 'node:buffer'
import { foreignId, fromHeaders, HEADERS, MillraceError, opened } from 'millrace/adapter'
import type { Stamp } from 'millrace/adapter'
import type { Message } from 'millrace'
import type { InRecord, RecordBatch } from './record-batch.ts'

/** A record as the client's producer takes it. */
export interface OutRecord {
  readonly key: Buffer | undefined
  /** Undefined is a tombstone. */
  readonly value: Buffer | undefined
  readonly headers: Map<Buffer, Buffer>
  readonly timestamp: bigint
}

/** 'watermill': headers as watermill-kafka writes them. */
export type Wire = 'millrace' | 'watermill'

/**
 * Metadata that marks a key whose bytes are no UTF-8: the key then has a character for each byte, and goes out as those
 * bytes, from which whoever reads them makes the mark again. Beside any other key, and with another value, it is
 * metadata like all else.
 */
export const KEY_MARK = 'kafka-key'
const WATERMILL_ID = '_watermill_message_uuid'
const EMPTY: Buffer = Buffer.alloc(0)
/** A name that is metadata, whoever wrote it: it begins with no underscore, nor as ours do. */
const PLAIN = /^(?!millrace-)[A-Za-z0-9.-][A-Za-z0-9._-]{0,127}$/i
const NO_METADATA: Message['metadata'] = Object.freeze({})
/** Up to here a payload is copied, so that it does not keep the whole fetched chunk in memory. */
const COPIED = 4096

/** What travels with a record. */
export interface RecordStamp extends Stamp {
  /** When it goes out: the record's timestamp. */
  readonly time: number
  /** Of a record that waits in a retry topic: when it may be handed over, ms since the epoch. */
  readonly due?: number | undefined
  /** Of such a one too: when the message was first published. */
  readonly published?: number | undefined
}

/** A message as a record. The key is the record's own, the time its timestamp. */
export function toRecord(message: Message, stamp: RecordStamp, wire: Wire): OutRecord {
  const { payload, tombstone } = message
  const headers = new Map<Buffer, Buffer>()
  eachHeader(message, stamp, wire, {
    header: (name, value) => void headers.set(typeof name === 'string' ? Buffer.from(name) : name, Buffer.from(value)),
  })
  return {
    key: keyBytes(message),
    value: tombstone ? undefined : bytes(payload),
    headers,
    timestamp: BigInt(stamp.time),
  }
}

/** Takes headers, in their order. */
export interface Headers {
  header(name: Buffer | string, value: string): void
}

/** All headers of a message's record; how many they are. */
export function eachHeader(message: Message, stamp: RecordStamp, wire: Wire, into: Headers): number {
  const { metadata } = message
  const { expires, attempt = 1, published, due } = stamp
  let count = 1
  into.header(wire === 'watermill' ? WATERMILL_NAME : ID_NAME, message.id)
  for (const key in metadata)
    if (key !== KEY_MARK || wire === 'watermill' || !markedBytes(message)) {
      into.header(key, metadata[key] ?? '')
      count++
    }
  if (wire === 'millrace' && expires !== undefined) {
    into.header(EXPIRES_NAME, String(expires))
    count++
  }
  if (attempt > 1) {
    into.header(ATTEMPT_NAME, String(attempt))
    count++
  }
  if (published !== undefined) {
    into.header(TIME_NAME, String(published))
    count++
  }
  if (due !== undefined) {
    into.header(DUE_NAME, String(due))
    count++
  }
  return count
}

/** The bytes of a message's key, as records carry it. */
export function keyBytes(message: Message): Buffer | undefined {
  const { key } = message
  if (key === undefined) return undefined
  if (key === '') return EMPTY
  return markedBytes(message) ?? Buffer.from(key)
}

/** Of a key that stands for bytes which are no UTF-8: those; undefined of any other, whatever its mark says. */
function markedBytes({ key, metadata }: Message): Buffer | undefined {
  if (key === undefined || metadata[KEY_MARK] !== 'latin1') return undefined
  const bytes = Buffer.from(key, 'latin1')
  return !isUtf8(bytes) && bytes.toString('latin1') === key ? bytes : undefined
}

/** @throws INVALID_METADATA for what has no place beside Watermill's id: a second one */
export function checkCarried(batch: readonly Message[], wire: Wire): void {
  if (wire === 'millrace') return
  for (const { metadata } of batch)
    if (Object.hasOwn(metadata, WATERMILL_ID))
      throw new MillraceError('INVALID_METADATA', `kafka: '${WATERMILL_ID}' is the name of Watermill's id`)
}

/**
 * The message in a batch's present record, where it has no headers but our id and metadata of plain ASCII, as most have;
 * undefined for all others.
 */
export function plainMessage(batch: RecordBatch): Message | undefined {
  const { bytes, keyAt, valueAt, valueEnd } = batch
  if (valueAt < 0) return undefined
  let id = batch.onlyHeader(ID_NAME)
  let metadata = NO_METADATA
  if (id === undefined) {
    const read = plainHeaders(batch)
    if (read === undefined) return undefined
    ;({ id, metadata } = read)
  }
  if (id === '') return undefined
  const key = keyAt < 0 ? undefined : batch.ascii(keyAt, batch.keyEnd)
  if (keyAt >= 0 && key === undefined) return undefined
  const payload = valueEnd - valueAt <= COPIED ? copied(bytes, valueAt, valueEnd) : bytes.subarray(valueAt, valueEnd)
  return key === undefined ? { id, payload, metadata } : { id, payload, metadata, key }
}

function plainHeaders(batch: RecordBatch): Pick<Message, 'id' | 'metadata'> | undefined {
  const texts = batch.asciiHeaders()
  if (texts === undefined) return undefined
  let id = ''
  const metadata: Record<string, string> = {}
  for (let i = 0; i < texts.length; i += 2) {
    const name = texts[i] ?? ''
    const value = texts[i + 1] ?? ''
    if (name === HEADERS.id) id = value
    else if (PLAIN.test(name)) metadata[name] = value
    else return undefined
  }
  return { id, metadata: Object.freeze(metadata) }
}

/**
 * The message in a record, whoever wrote it, and what travelled with it.
 * @throws UNDECODABLE where what should be our id is not text: who wrote that did not write a message
 */
export function fromRecord(
  record: InRecord,
  place: readonly (string | number)[],
): { readonly message: Message; readonly stamp: Stamp } {
  let uuid: string | undefined
  const read = fromHeaders(entries(record.headers), key => {
    if (key !== WATERMILL_ID) return false
    uuid = ''
    return true
  })
  if (uuid !== undefined) uuid = text(record.headers.find(([key]) => isName(key, WATERMILL_ID)))
  const key = keyOf(record.key)
  let { metadata } = read
  if (key?.odd) metadata = Object.freeze({ ...metadata, [KEY_MARK]: 'latin1' })
  // Beside another id of ours it is metadata of the user's, whatever it is called.
  if (uuid !== undefined && read.id !== undefined) metadata = Object.freeze({ ...metadata, [WATERMILL_ID]: uuid })
  const payload = record.value ?? EMPTY
  const message = opened(
    { ...read, id: read.id ?? (uuid || undefined), key: undefined, tombstone: record.value === null, metadata },
    payload.length <= COPIED ? Buffer.from(payload) : payload,
    () => foreignId(...place),
    key?.text,
  )
  return { message, stamp: read }
}

function copied(bytes: Buffer, from: number, to: number): Buffer {
  const copy = Buffer.allocUnsafe(to - from)
  bytes.copy(copy, 0, from, to)
  return copy
}

function* entries(headers: InRecord['headers']): Iterable<readonly [string, unknown]> {
  for (const [key, value] of headers) {
    const name = key === null ? '' : key.toString()
    if (name === HEADERS.id && value && !isUtf8(value))
      throw new MillraceError('UNDECODABLE', `kafka: the header '${HEADERS.id}' is not text`)
    yield [name, value]
  }
}

function text(header: readonly [Buffer | null, Buffer | null] | undefined): string | undefined {
  return header?.[1]?.toString()
}

function isName(key: Buffer | null, wanted: string): boolean {
  return key?.toString() === wanted
}

function keyOf(key: Buffer | null): { readonly text: string; readonly odd: boolean } | undefined {
  if (key === null) return undefined
  const odd = !isUtf8(key)
  return { text: key.toString(odd ? 'latin1' : 'utf8'), odd }
}

function bytes(payload: Uint8Array): Buffer {
  return Buffer.isBuffer(payload) ? payload : Buffer.from(payload.buffer, payload.byteOffset, payload.length)
}

/** Our own header names are the same few: their bytes are made once. */
const ID_NAME = Buffer.from(HEADERS.id)
const EXPIRES_NAME = Buffer.from(HEADERS.expires)
const ATTEMPT_NAME = Buffer.from(HEADERS.attempt)
const TIME_NAME = Buffer.from(HEADERS.time)
const WATERMILL_NAME = Buffer.from(WATERMILL_ID)
/** Like all of ours it is no metadata for whoever reads it. */
const DUE_NAME = Buffer.from('millrace-due')

/** When a record of a retry topic may be handed over, ms since the epoch; undefined where it does not say. */
export function dueOf({ headers }: Pick<InRecord, 'headers'>): number | undefined {
  for (const [key, value] of headers)
    if (key?.equals(DUE_NAME)) {
      const due = Number(value?.toString())
      return Number.isSafeInteger(due) && due > 0 ? due : undefined
    }
  return undefined
}
