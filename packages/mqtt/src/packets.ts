/**
 * The two packets that every message costs, as bytes. All else the client writes and reads.
 *
 * Strings are UTF-8 behind their length in two bytes (MQTT 5 §1.5.4); lengths are variable byte integers, seven bits
 * each, the least first (§1.5.5).
 */

/** One PUBLISH, as far as it does not depend on the connection. */
export interface PublishFields {
  readonly topic: string
  readonly payload: Buffer
  readonly options: {
    readonly qos: 0 | 1 | 2
    readonly retain?: boolean
    /** Left out before MQTT 5, which has no properties. */
    readonly properties?: PublishProperties
  }
}

/** Those of a PUBLISH's properties that Millrace sends (MQTT 5 §3.3.2.3). */
export interface PublishProperties {
  readonly userProperties?: Readonly<Record<string, string>>
  /** s. */
  readonly messageExpiryInterval?: number
}

/** What is known of a PUBLISH before it is written. */
export interface PublishSize {
  /** Of everything but the payload. */
  readonly head: number
  readonly remaining: number
  readonly properties: number
}

const PUBLISH_QOS_1 = 0x32
const RETAIN = 0x01
const EXPIRY = 0x02
const USER_PROPERTY = 0x26
const ACKS = { puback: 0x40, pubrec: 0x50 } as const
/** Bytes of an acknowledgement. */
export const ACK_SIZE = 4
/** Bytes of the largest packet that there can be: its length has four bytes (MQTT 5 §1.5.5). */
export const LARGEST_PACKET: number = 1 + 4 + 268_435_455
/** Up to this a loop over the characters is quicker than a call. */
const SHORT = 64

/** Measures a PUBLISH at QoS 1; with MQTT 5 it says how long its properties are, even where there are none. */
export function measurePublish({ topic, payload, options }: PublishFields, version: 4 | 5): PublishSize {
  const { properties } = options
  let size = 0
  if (version === 5 && properties) {
    const { userProperties, messageExpiryInterval } = properties
    if (messageExpiryInterval !== undefined) size += 5
    for (const key in userProperties) size += 5 + Buffer.byteLength(key) + Buffer.byteLength(userProperties[key] ?? '')
  }
  const variable = 2 + Buffer.byteLength(topic) + 2 + (version === 5 ? sizeOfInteger(size) + size : 0)
  const remaining = variable + payload.length
  return { head: 1 + sizeOfInteger(remaining) + variable, remaining, properties: size }
}

/**
 * ```
 * PUBLISH = %x32-33 length topic packet-id [properties] payload       ; §3.3
 * properties = length [%x02 4OCTET] *(%x26 key value)                 ; §3.3.2.3: expiry, user properties
 * ```
 * Writes one at QoS 1, all but its payload. Returns where it ends.
 */
export function writePublish(
  to: Buffer,
  at: number,
  id: number,
  { fields, size, version }: { readonly fields: PublishFields; readonly size: PublishSize; readonly version: 4 | 5 },
): number {
  const { topic, options } = fields
  const { retain, properties } = options
  to[at++] = retain ? PUBLISH_QOS_1 | RETAIN : PUBLISH_QOS_1
  at = writeInteger(to, at, size.remaining)
  at = writeText(to, at, topic)
  to[at++] = id >> 8
  to[at++] = id & 0xff
  if (version === 4) return at
  at = writeInteger(to, at, size.properties)
  if (!properties) return at
  const { userProperties, messageExpiryInterval } = properties
  if (messageExpiryInterval !== undefined) {
    to[at++] = EXPIRY
    at = to.writeUInt32BE(messageExpiryInterval, at)
  }
  for (const key in userProperties) {
    to[at++] = USER_PROPERTY
    at = writeText(to, at, key)
    at = writeText(to, at, userProperties[key] ?? '')
  }
  return at
}

/** `PUBACK = %x40 %x02 packet-id`, `PUBREC = %x50 %x02 packet-id`: success says nothing more (§3.4.2.1, §3.5.2.1). */
export function writeAck(to: Buffer, at: number, cmd: keyof typeof ACKS, id: number): number {
  to[at++] = ACKS[cmd]
  to[at++] = 2
  to[at++] = id >> 8
  to[at++] = id & 0xff
  return at
}

function sizeOfInteger(value: number): number {
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x20_0000 ? 3 : 4
}

function writeInteger(to: Buffer, at: number, value: number): number {
  while (value >= 0x80) {
    to[at++] = (value & 0x7f) | 0x80
    value >>>= 7
  }
  to[at++] = value
  return at
}

function writeText(to: Buffer, at: number, text: string): number {
  const start = at + 2
  let end = start
  if (text.length <= SHORT) {
    let i = 0
    for (; i < text.length; i++) {
      const code = text.charCodeAt(i)
      if (code > 0x7f) break
      to[end++] = code
    }
    if (i < text.length) end += to.write(text.slice(i), end)
  } else end += to.write(text, start)
  const length = end - start
  to[at] = length >> 8
  to[at + 1] = length & 0xff
  return end
}

/** A PUBLISH at QoS 1 as it was received, as the client would have told of it. */
export interface ReceivedPublish {
  readonly cmd: 'publish'
  readonly topic: string
  /** A view of what was received. */
  readonly payload: Buffer
  readonly qos: 1
  readonly dup: boolean
  readonly retain: boolean
  readonly messageId: number
  readonly properties: PublishProperties | undefined
}

const QOS_1 = 0x32
const DUP = 0x08

/**
 * Where the packet that begins there ends, by its length (§2.1.4); undefined where the length has not come as a whole,
 * or is none.
 */
export function endOf(from: Buffer, at: number): number | undefined {
  let length = 0
  for (let i = 1, shift = 0; i <= 4; i++, shift += 7) {
    const byte = from[at + i]
    if (byte === undefined) return undefined
    length |= (byte & 0x7f) << shift
    if (byte < 0x80) return at + i + 1 + length
  }
  return undefined
}

/** Whether a packet that begins so is a PUBLISH at QoS 1, whatever its other flags. */
export function isPublish(first: number | undefined): boolean {
  return first !== undefined && (first & ~(DUP | RETAIN)) === QOS_1
}

/** Whether a packet that begins so is a PUBACK. */
export function isPuback(first: number | undefined): boolean {
  return first === ACKS.puback
}

/** `PUBACK = %x40 length packet-id [reason-code [properties]]` (§3.4): the packet identifier of the one that stands there. */
export function idOfPuback(from: Buffer, at: number): number {
  return from.readUInt16BE(afterLength(from, at))
}

/** Its reason code; where there is none, as always before MQTT 5, success. */
export function reasonOfPuback(from: Buffer, at: number, end: number): number {
  const reason = afterLength(from, at) + 2
  return reason < end ? (from[reason] ?? 0) : 0
}

/**
 * The PUBLISH at QoS 1 that stands there as a whole. Undefined for one with anything but an expiry and user properties
 * of which each is once, and for what is none: the client knows what to do with them.
 */
export function readPublish(
  from: Buffer,
  at: number,
  { end, version }: { readonly end: number; readonly version: 4 | 5 },
): ReceivedPublish | undefined {
  const first = from[at] ?? 0
  at = afterLength(from, at)
  if (at + 2 > end) return undefined
  const topicEnd = at + 2 + from.readUInt16BE(at)
  let next = topicEnd + 2
  if (topicEnd === at + 2 || next > end) return undefined
  const messageId = from.readUInt16BE(topicEnd)
  if (messageId === 0) return undefined
  let properties: PublishProperties | undefined
  if (version === 5) {
    const size = from[next++]
    // One byte says up to 127, and two are the usual: longer ones are the client's.
    if (size === undefined || next > end) return undefined
    let length = size
    if (size >= 0x80) {
      const more = from[next++] ?? 0x80
      if (more >= 0x80) return undefined
      length = (size & 0x7f) | (more << 7)
    }
    const over = next + length
    if (over > end) return undefined
    if (length > 0) {
      properties = readProperties(from, next, over)
      if (!properties) return undefined
    }
    next = over
  }
  return {
    cmd: 'publish',
    topic: from.toString('utf8', at + 2, topicEnd),
    payload: from.subarray(next, end),
    qos: 1,
    dup: (first & DUP) !== 0,
    retain: (first & RETAIN) !== 0,
    messageId,
    properties,
  }
}

function afterLength(from: Buffer, at: number): number {
  while ((from[++at] ?? 0) >= 0x80);
  return at + 1
}

function readProperties(from: Buffer, at: number, end: number): PublishProperties | undefined {
  let messageExpiryInterval: number | undefined
  let userProperties: Record<string, string> | undefined
  while (at < end) {
    const code = from[at++]
    if (code === EXPIRY && messageExpiryInterval === undefined && at + 4 <= end) {
      messageExpiryInterval = from.readUInt32BE(at)
      at += 4
      continue
    }
    if (code !== USER_PROPERTY || at + 2 > end) return undefined
    const nameEnd = at + 2 + from.readUInt16BE(at)
    if (nameEnd + 2 > end) return undefined
    const valueEnd = nameEnd + 2 + from.readUInt16BE(nameEnd)
    if (valueEnd > end) return undefined
    const name = from.toString('utf8', at + 2, nameEnd)
    userProperties ??= {}
    // It is there, or it is a name that objects have of their own.
    if (name in userProperties) return undefined
    userProperties[name] = from.toString('utf8', nameEnd + 2, valueEnd)
    at = valueEnd
  }
  return {
    ...(userProperties && { userProperties }),
    ...(messageExpiryInterval !== undefined && { messageExpiryInterval }),
  }
}
