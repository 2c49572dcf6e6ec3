import type { ConsumeMessage, Options } from 'amqplib'
import { foreignId, fromHeaders, HEADERS, MillraceError, opened, toHeaders } from 'millrace/adapter'
import type { Opened, Stamp } from 'millrace/adapter'
import type { Message } from 'millrace'

/** Which headers travel: ours, or those that Watermill writes and reads. */
export type Wire = 'millrace' | 'watermill'

const WATERMILL_ID = '_watermill_message_uuid'
/** Before a metadata key that the server or the client would take for its own. */
const ESCAPE = 'millrace-x-'
/** The topic of a message that comes again under its queue's name. */
export const TOPIC = 'millrace-topic'

/** `CC` and `BCC` route copies, `x-…` is the server's, and a decoded `__proto__` would vanish. */
const THEIRS = /^(?:CC|BCC|x-.*|__proto__)$/i

const WHOLE = /^\d{1,16}$/
const NO_METADATA: Readonly<Record<string, string>> = Object.freeze({})

type Headers = Record<string, unknown>

/** A message's headers, all of them strings. */
export function toAmqp(message: Message, stamp: Stamp, wire: Wire): Record<string, string> {
  if (wire === 'watermill') return watermill(message)
  const headers = toHeaders(message, stamp)
  // Our own are none of theirs.
  for (const key in message.metadata)
    // A second header with the id would be taken for the same thing said twice.
    if (THEIRS.test(key) || (key === WATERMILL_ID && headers[key] === message.id)) escape(headers, key)
  return headers
}

/** Watermill's: its own name for the id, one header for each metadata entry, and nothing of ours. */
function watermill({ id, metadata }: Message): Record<string, string> {
  const headers: Record<string, string> = { [WATERMILL_ID]: id }
  for (const key of Object.keys(metadata)) headers[THEIRS.test(key) ? ESCAPE + key : key] = metadata[key] ?? ''
  return headers
}

/** @throws INVALID_METADATA for what has no place beside Watermill's id: a second one */
export function checkCarried(batch: readonly Message[], wire: Wire): void {
  if (wire === 'millrace') return
  for (const { metadata } of batch)
    if (Object.hasOwn(metadata, WATERMILL_ID))
      throw new MillraceError('INVALID_METADATA', `rabbitmq: '${WATERMILL_ID}' is the name of Watermill's id`)
}

function escape(headers: Record<string, string>, key: string): void {
  headers[ESCAPE + key] = headers[key] ?? ''
  delete headers[key]
}

/**
 * The message behind a delivery, whoever published it, and what travelled with it. `place`: where it stands, if it is
 * in a stream. Never fails.
 */
export function fromAmqp(
  from: ConsumeMessage,
  place?: readonly (string | number)[],
): { readonly message: Message; readonly stamp: Stamp } {
  const { properties, content, fields } = from
  const headers: Headers = properties.headers ?? {}
  const plain = readPlain(headers)
  if (plain) return { message: { id: plain.id, payload: content, metadata: NO_METADATA }, stamp: plain }
  const read = fromHeaders(entries(headers))
  const { timestamp } = properties as { timestamp?: unknown }
  const time = read.time ?? (typeof timestamp === 'number' ? timestamp * 1000 : undefined)
  const whole: Opened = { ...read, id: read.id ?? otherId(headers, properties.messageId) }
  // In a queue there is no place: the same bytes have the same id.
  const message = opened(whole, content, () => foreignId(...(place ?? [fields.routingKey, content])))
  return { message, stamp: { time, expires: read.expires, attempt: read.attempt } }
}

interface Plain {
  readonly id: string
  readonly time: number
}

/** The usual message's headers: an id, a time, and nothing else. Undefined for any other. */
function readPlain(headers: Headers): Plain | undefined {
  let id: string | undefined
  let time: number | undefined
  for (const name in headers) {
    const value = headers[name]
    if (typeof value !== 'string') return undefined
    if (name === HEADERS.id && value !== '' && !value.includes('\0') && value.isWellFormed()) id = value
    else if (name === HEADERS.time && WHOLE.test(value)) time = Number(value)
    else return undefined
  }
  return id === undefined || time === undefined ? undefined : { id, time }
}

function otherId(headers: Headers, property: unknown): string | undefined {
  const id = headers[WATERMILL_ID] ?? property
  return typeof id === 'string' && id !== '' ? id : undefined
}

function* entries(headers: Headers): Iterable<readonly [string, unknown]> {
  // Beside another id of ours it is metadata of the user's, whatever it is called. What comes again has both.
  const { [HEADERS.id]: id, [WATERMILL_ID]: uuid } = headers
  const theirs = typeof id !== 'string' || id === '' || id === uuid
  for (const key of Object.keys(headers))
    if (key.startsWith(ESCAPE)) yield [key.slice(ESCAPE.length), headers[key]]
    else if (!(theirs && key === WATERMILL_ID) && !THEIRS.test(key)) yield [key, headers[key]]
}

/** How often the queue handed it out before; a classic queue does not count. */
export function handedOut(from: ConsumeMessage): number {
  const count: unknown = from.properties.headers?.['x-delivery-count']
  return typeof count === 'number' && count > 0 ? count : 0
}

/** Who a message is, for telling which of those in flight came back. */
export function idIn(headers: Headers | undefined): string {
  const id = headers?.[HEADERS.id] ?? headers?.[WATERMILL_ID]
  return typeof id === 'string' ? id : ''
}

/** What a message travels with when it comes again: as it was, but for what counts and routes it. */
export function again(
  from: ConsumeMessage,
  { id, topic, attempt }: { readonly id: string; readonly topic: string; readonly attempt: number },
): Options.Publish {
  const { headers: old, ...properties } = from.properties
  const headers: Headers = {}
  for (const key of Object.keys(old ?? {})) if (!THEIRS.test(key)) headers[key] = old?.[key]
  // Another producer's message may have none: the one that was made for it stays.
  headers[HEADERS.id] = id
  headers[TOPIC] = topic
  headers[HEADERS.attempt] = String(attempt)
  const { userId: _user, expiration: _ttl, ...rest } = properties as Options.Publish
  return { ...rest, headers, deliveryMode: 2 }
}
