/**
 * The frames that every message costs, as bytes: those of `basic.publish` with the properties that Millrace sends, and
 * `basic.ack`. All else the client writes.
 *
 * ```
 * frame     = type channel size payload %xCE    ; AMQP 0-9-1 §4.2.3: one octet, two, four
 * short-str = OCTET *OCTET                      ; §4.2.5.3
 * long-str  = 4OCTET *OCTET
 * ```
 * PURE.
 */

/** One message, as it is published. */
export interface PublishFields {
  readonly exchange: string
  readonly key: string
  readonly payload: Uint8Array
  readonly mandatory: boolean
  readonly headers: Readonly<Record<string, string>>
  /** ms, for the server. */
  readonly expiration?: number | undefined
  readonly priority?: number | undefined
}

const METHOD = 1
const HEADER = 2
const BODY = 3
const END = 0xce
/** Class basic (60), methods publish (40) and ack (80): §1.8. */
const BASIC = 60
const PUBLISH = 40
const ACK = 80
/** Which properties follow, of those that there are (§4.2.6.1). */
const HEADERS = 0x2000
const DELIVERY_MODE = 0x1000
const PRIORITY = 0x0800
const EXPIRATION = 0x0100
const PERSISTENT = 2
/** A table's value that is a long string. */
const STRING = 0x53
/** Bytes around a frame's payload: in front of it, and with the end. */
const BEFORE = 7
export const AROUND = 8
/** Bytes of an acknowledgement. */
export const ACK_SIZE: number = AROUND + 13
/** Bytes of a publish beside its strings and its payload, and of a header beside its own; at most. */
const FIXED = 3 * AROUND + 64
const ENTRY = 6
/** Bytes of a short string at most, and up to how many characters a loop over them is quicker than a call. */
const SHORT = 255
const QUICK = 64

/** Bytes that a publish has at most, payload included; undefined where it is not to be written here. */
export function boundOf({ exchange, key, payload, headers }: PublishFields): number | undefined {
  if (!isShort(exchange) || !isShort(key)) return undefined
  let bound = FIXED + 3 * (exchange.length + key.length) + payload.length
  for (const name in headers) bound += ENTRY + 3 * (name.length + (headers[name] ?? '').length)
  return bound
}

/** In UTF-8 no character of a string has more than three. */
function isShort(text: string): boolean {
  return text.length * 3 <= SHORT || Buffer.byteLength(text) <= SHORT
}

/**
 * `publish = method-frame header-frame [body-frame]` (§4.2.1), where the payload fits one frame. Returns where it ends.
 */
export function writePublish(to: Buffer, at: number, channel: number, fields: PublishFields): number {
  const { exchange, key, payload, mandatory } = fields
  let start = at
  at = writeStart(to, at, METHOD, channel)
  at = writeMethod(to, at, PUBLISH)
  at = writeShort(to, at, 0) // reserved
  at = writeShortText(to, at, exchange)
  at = writeShortText(to, at, key)
  to[at++] = mandatory ? 1 : 0
  at = writeEnd(to, start, at)
  start = at
  at = writeStart(to, at, HEADER, channel)
  at = writeProperties(to, at, fields)
  at = writeEnd(to, start, at)
  if (payload.length === 0) return at
  start = at
  at = writeStart(to, at, BODY, channel)
  to.set(payload, at)
  return writeEnd(to, start, at + payload.length)
}

/** `basic.ack = delivery-tag multiple` (§1.8.3.13). Returns where it ends. */
export function writeAck(to: Buffer, at: number, channel: number, tag: number, multiple: boolean): number {
  const start = at
  at = writeStart(to, at, METHOD, channel)
  at = writeMethod(to, at, ACK)
  at = writeLongLong(to, at, tag)
  to[at++] = multiple ? 1 : 0
  return writeEnd(to, start, at)
}

/** `class-id weight body-size flags [headers] [delivery-mode] [priority] [expiration]` (§4.2.6.1). */
function writeProperties(to: Buffer, at: number, { payload, headers, priority, expiration }: PublishFields): number {
  at = writeShort(to, at, BASIC)
  at = writeShort(to, at, 0)
  at = writeLongLong(to, at, payload.length)
  const some = (priority === undefined ? 0 : PRIORITY) | (expiration === undefined ? 0 : EXPIRATION)
  at = writeShort(to, at, HEADERS | DELIVERY_MODE | some)
  const start = at
  at += 4
  for (const name in headers) {
    at = writeShortText(to, at, name)
    to[at++] = STRING
    const from = at
    at = writeText(to, at + 4, headers[name] ?? '')
    writeLong(to, from, at - from - 4)
  }
  writeLong(to, start, at - start - 4)
  to[at++] = PERSISTENT
  if (priority !== undefined) to[at++] = priority
  return expiration === undefined ? at : writeShortText(to, at, String(expiration))
}

function writeStart(to: Buffer, at: number, type: number, channel: number): number {
  to[at++] = type
  return writeShort(to, at, channel) + 4
}

function writeEnd(to: Buffer, start: number, at: number): number {
  writeLong(to, start + 3, at - start - BEFORE)
  to[at++] = END
  return at
}

function writeMethod(to: Buffer, at: number, method: number): number {
  return writeShort(to, writeShort(to, at, BASIC), method)
}

function writeShort(to: Buffer, at: number, value: number): number {
  to[at++] = value >> 8
  to[at++] = value & 0xff
  return at
}

function writeLong(to: Buffer, at: number, value: number): number {
  to[at++] = value >>> 24
  to[at++] = (value >>> 16) & 0xff
  to[at++] = (value >>> 8) & 0xff
  to[at++] = value & 0xff
  return at
}

function writeLongLong(to: Buffer, at: number, value: number): number {
  return writeLong(to, writeLong(to, at, Math.floor(value / 0x1_0000_0000)), value >>> 0)
}

function writeShortText(to: Buffer, at: number, text: string): number {
  const end = writeText(to, at + 1, text)
  to[at] = end - at - 1
  return end
}

function writeText(to: Buffer, at: number, text: string): number {
  if (text.length > QUICK) return at + to.write(text, at)
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code > 0x7f) return at + to.write(text.slice(i), at)
    to[at++] = code
  }
  return at
}
