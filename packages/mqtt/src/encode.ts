import {
  foreignId,
  fromHeaders,
  HEADERS,
  isMillraceError,
  MillraceError,
  newId,
  opened,
  seal,
  toHeaders,
  unseal,
} from 'millrace/adapter'
import type { Stamp } from 'millrace/adapter'
import type { Message } from 'millrace'
import type { IPublishPacket } from 'mqtt'
import type { PublishProperties, ReceivedPublish } from './packets.ts'

/** 'properties': user properties of MQTT 5. 'envelope': one JSON object, for MQTT 3.1.1. */
export type Wire = 'properties' | 'envelope'

export interface Encoded {
  readonly payload: Buffer
  readonly properties?: PublishProperties
}

/** What user properties cannot carry as it is: one JSON object. */
const ODD = 'millrace-metadata'
/** Servers refuse control characters and non-characters in strings, and end the connection over U+0000 (MQTT 5 §1.5.4). */
// oxlint-disable-next-line no-control-regex -- those are what is looked for
const STRANGE = /[\u0000-\u001f\u007f-\u009f\ufdd0-\ufdef\ufffe\uffff]|[\ud83f-\udbff][\udffe\udfff]/
/** Bytes of a string (MQTT 5 §1.5.4), and characters that cannot have more. */
const LONGEST = 65_535
const SURE = LONGEST / 3
/** s, in the four bytes of a Message Expiry Interval (MQTT 5 §3.3.2.3.3): 136 years. */
const LATEST = 0xffff_ffff
const WHOLE = /^\d{1,16}$/
const NO_METADATA: Readonly<Record<string, string>> = Object.freeze({})
/** Payloads up to this are copied: a view would pin the whole chunk that was read. */
const COPIED = 16_384
/** How an envelope of ours begins. */
const ENVELOPE = Buffer.from('{"v":1,"id":')

/** A message as a packet's payload and properties. @throws TOO_LARGE for a key that does not fit a string of MQTT's */
export function toMqtt(message: Message, stamp: Stamp, wire: Wire, version: 4 | 5): Encoded {
  const expiry =
    version === 5 && stamp.expires !== undefined
      ? { messageExpiryInterval: Math.min(Math.max(1, Math.ceil((stamp.expires - Date.now()) / 1000)), LATEST) }
      : undefined
  if (wire === 'envelope') {
    // An empty payload would delete what is retained: a tombstone is to do just that.
    const bytes = seal(message, stamp)
    return { payload: buffer(bytes), ...(expiry && { properties: expiry }) }
  }
  const userProperties = toHeaders(message, stamp)
  let odd: Record<string, string> | undefined
  for (const key in userProperties) {
    const value = userProperties[key] ?? ''
    if (value.length > SURE) checkLength(key, value)
    if (!STRANGE.test(value) && !(key in Object.prototype)) continue
    Object.defineProperty((odd ??= {}), key, { value, enumerable: true })
    delete userProperties[key]
  }
  if (odd) {
    const json = ascii(JSON.stringify(odd))
    checkLength(ODD, json)
    userProperties[ODD] = json
  }
  const properties = expiry ? { userProperties, ...expiry } : { userProperties }
  return { payload: buffer(message.payload), properties }
}

/** The message in a packet, whoever sent it, and what travelled with it. `place` is its MQTT topic. */
export function fromMqtt(
  packet: IPublishPacket | ReceivedPublish,
  place: string,
): { readonly message: Message; readonly stamp: Stamp } {
  const bytes = typeof packet.payload === 'string' ? Buffer.from(packet.payload) : packet.payload
  const plain = readPlain(packet.properties?.userProperties)
  if (plain) return { message: { id: plain.id, payload: owned(bytes), metadata: NO_METADATA }, stamp: plain }
  const read = fromHeaders(entries(packet.properties?.userProperties), key => key === ODD)
  if (read.id === undefined && bytes.subarray(0, ENVELOPE.length).equals(ENVELOPE))
    try {
      return unseal(bytes)
    } catch (error) {
      if (!isMillraceError(error, 'UNDECODABLE')) throw error
    }
  const payload = owned(bytes)
  // Another producer's message has no place: the same bytes have the same id, so that it stays when it comes again.
  const message = opened(read, payload, () => (packet.qos === 0 ? newId() : foreignId(place, payload)))
  return { message, stamp: read }
}

function checkLength(name: string, value: string): void {
  const size = Buffer.byteLength(value)
  if (size > LONGEST)
    throw new MillraceError('TOO_LARGE', `mqtt: '${name}' has ${size} bytes; a property takes ${LONGEST}`)
}

function owned(bytes: Buffer): Buffer {
  return bytes.length <= COPIED ? Buffer.from(bytes) : bytes
}

interface Plain {
  readonly id: string
  readonly time: number
}

/** The usual message's properties: an id, a time, and nothing else. Undefined for any other. */
function readPlain(from: Properties | undefined): Plain | undefined {
  let id: string | undefined
  let time: number | undefined
  for (const name in from) {
    const value = from[name]
    if (typeof value !== 'string') return undefined
    if (name === HEADERS.id && value !== '' && !value.includes('\0')) id = value
    else if (name === HEADERS.time && WHOLE.test(value)) time = Number(value)
    else return undefined
  }
  return id === undefined || time === undefined ? undefined : { id, time }
}

function buffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
}

function ascii(json: string): string {
  return json.replaceAll(/[\u007f-\uffff]/g, char => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

type Properties = NonNullable<NonNullable<IPublishPacket['properties']>['userProperties']>

/** Of a property with several values the first counts. */
function* entries(from: Properties | undefined): Iterable<readonly [string, unknown]> {
  if (!from) return
  for (const [key, values] of Object.entries(from)) {
    const value = Array.isArray(values) ? values[0] : values
    if (key === ODD) yield* odd(value)
    else yield [key, value]
  }
}

function odd(text: string | undefined): [string, unknown][] {
  try {
    const read: unknown = JSON.parse(text ?? '')
    return typeof read === 'object' && read !== null ? Object.entries(read) : []
  } catch {
    return []
  }
}
