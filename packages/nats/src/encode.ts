import type { Msg, MsgHdrs } from '@nats-io/transport-node'
import { foreignId, fromHeaders, HEADERS, MillraceError, opened } from 'millrace/adapter'
import type { Stamp } from 'millrace/adapter'
import type { Message } from 'millrace'
import { HeaderBlock, headerLines } from './header-block.ts'

/** Metadata that NATS headers cannot carry as it is: one JSON object. */
const ODD = 'millrace-metadata'
const WATERMILL_ID = '_watermill_message_uuid'
/** What the server or the client reads is never the user's. */
const RESERVED = /^nats-/i
const PLAIN = /^[!-~](?:[ -~]*[!-~])?$/

export type Wire = 'millrace' | 'watermill'

/** A message's headers. Watermill's: its own name for the id, and nothing of ours. @throws INVALID_METADATA with Watermill's */
export function toNats(message: Message, stamp: Stamp, wire: Wire): HeaderBlock {
  const made = new HeaderBlock()
  const { id, key, metadata } = message
  let odd: Record<string, string> | undefined
  const add = (name: string, value: string): void => {
    if (carries(name, value)) made.add(name, value)
    else odd = { ...odd, [name]: value }
  }
  if (wire === 'watermill') {
    // Watermill has no other place for what a header cannot carry.
    if (!carries(WATERMILL_ID, id))
      throw new MillraceError('INVALID_METADATA', `nats: Watermill's headers cannot carry the id of message '${id}'`)
    made.add(WATERMILL_ID, id)
    for (const name in metadata) {
      const value = metadata[name] ?? ''
      if (name === WATERMILL_ID || !carries(name, value === '' ? 'x' : value))
        throw new MillraceError('INVALID_METADATA', `nats: Watermill's headers cannot carry the metadata '${name}'`)
      made.add(name, value)
    }
    return made
  }
  add(HEADERS.id, id)
  if (key !== undefined) add(HEADERS.key, key)
  if (message.tombstone) made.add(HEADERS.tombstone, '1')
  if (stamp.time !== undefined) made.add(HEADERS.time, String(stamp.time))
  if (stamp.expires !== undefined) made.add(HEADERS.expires, String(stamp.expires))
  if (stamp.attempt !== undefined && stamp.attempt > 1) made.add(HEADERS.attempt, String(stamp.attempt))
  for (const name in metadata) add(name, metadata[name] ?? '')
  if (odd) made.add(ODD, JSON.stringify(odd))
  return made
}

/** The message behind what arrived, whoever sent it, and what travelled with it. */
export function fromNats(
  msg: Pick<Msg, 'data' | 'headers'>,
  place: readonly (string | number)[],
): { readonly message: Message; readonly stamp: Stamp } {
  let watermill: string | undefined
  const read = fromHeaders(unfolded(entries(msg), value => (watermill ??= value)))
  const id = read.id ?? (watermill === '' ? undefined : watermill)
  let all = id === read.id ? read : { ...read, id }
  // Beside another id of ours it is metadata of the user's, whatever it is called.
  if (read.id !== undefined && watermill !== undefined)
    all = { ...all, metadata: Object.freeze({ ...all.metadata, [WATERMILL_ID]: watermill }) }
  return { message: opened(all, msg.data, () => foreignId(...place)), stamp: read }
}

/** Whether it arrives as it is, and steers neither the server nor the client. */
export function carries(name: string, value: string): boolean {
  if (RESERVED.test(name)) return false
  return PLAIN.test(value) || (value !== '' && !/[\r\n]/.test(value) && value.trim() === value)
}

/** Of a header with several values the first counts. */
function* unfolded(
  lines: Iterable<readonly [string, string]>,
  watermill: (id: string) => void,
): Iterable<readonly [string, unknown]> {
  const seen = new Set<string>()
  for (const [name, value] of lines) {
    if (seen.has(name)) continue
    seen.add(name)
    if (name === WATERMILL_ID) watermill(value)
    else if (name === ODD) yield* odd(value)
    else if (!RESERVED.test(name)) yield [name, value]
  }
}

/** The header lines as they came. Where the client keeps them elsewhere than this version does, by its own words. */
function entries(msg: Pick<Msg, 'data' | 'headers'>): Iterable<readonly [string, string]> {
  const { _rdata: bytes, _msg: frame } = msg as { _rdata?: unknown; _msg?: { hdr?: unknown } }
  if (bytes instanceof Uint8Array && typeof frame?.hdr === 'number')
    return frame.hdr > 0 ? headerLines(Buffer.from(bytes.buffer, bytes.byteOffset, frame.hdr)) : []
  return msg.headers ? pairs(msg.headers) : []
}

function* pairs(headers: MsgHdrs): Iterable<readonly [string, string]> {
  for (const name of headers.keys()) yield [name, headers.get(name)]
}

function odd(text: string): [string, unknown][] {
  try {
    const read: unknown = JSON.parse(text)
    return typeof read === 'object' && read !== null ? Object.entries(read) : []
  } catch {
    return []
  }
}
