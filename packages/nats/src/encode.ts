import { headers } from '@nats-io/transport-node'
import type { MsgHdrs } from '@nats-io/transport-node'
import { foreignId, fromHeaders, opened, toHeaders } from 'millrace/adapter'
import type { Stamp } from 'millrace/adapter'
import type { Message } from 'millrace'

/** Metadata that NATS headers cannot carry as it is: one JSON object. */
const ODD = 'millrace-metadata'
const WATERMILL_ID = '_watermill_message_uuid'
/** What the server or the client reads is never the user's. */
const RESERVED = /^nats-/i

export type Wire = 'millrace' | 'watermill'

/** A message's headers. Watermill's: its own name for the id, and nothing of ours. */
export function toNats(message: Message, stamp: Stamp, wire: Wire): MsgHdrs {
  const made = headers()
  if (wire === 'watermill') {
    made.append(WATERMILL_ID, message.id)
    for (const [key, value] of Object.entries(message.metadata)) made.append(key, value)
    return made
  }
  const odd: Record<string, string> = {}
  for (const [key, value] of Object.entries(toHeaders(message, stamp)))
    if (carries(key, value)) made.append(key, value)
    else odd[key] = value
  if (Object.keys(odd).length > 0) made.append(ODD, JSON.stringify(odd))
  return made
}

/** The message behind bytes and headers, whoever sent them, and what travelled with it. */
export function fromNats(
  payload: Uint8Array,
  from: MsgHdrs | undefined,
  place: readonly (string | number)[],
): { readonly message: Message; readonly stamp: Stamp } {
  const read = fromHeaders(entries(from), key => key === WATERMILL_ID || key === ODD)
  const id = read.id ?? from?.get(WATERMILL_ID)
  const message = opened({ ...read, id: id === '' ? undefined : id }, payload, () => foreignId(...place))
  return { message, stamp: read }
}

function carries(key: string, value: string): boolean {
  return !RESERVED.test(key) && !/[\r\n]/.test(value) && value.trim() === value && value !== ''
}

/** Of a header with several values the first counts. */
function* entries(from: MsgHdrs | undefined): Iterable<readonly [string, unknown]> {
  if (!from) return
  for (const key of from.keys()) {
    const value = from.get(key)
    if (key === ODD) yield* odd(value)
    else if (!RESERVED.test(key)) yield [key, value]
  }
}

function odd(text: string): [string, unknown][] {
  try {
    const read: unknown = JSON.parse(text)
    return typeof read === 'object' && read !== null ? Object.entries(read) : []
  } catch {
    return []
  }
}
