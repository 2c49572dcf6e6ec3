import { COMMAND, LONG, MORE } from '../wire/frame.ts'
import type { Slab } from './slab.ts'

/**
 * A run of packed records, whole frames of ZMTP 2 and 3, in one slab. The records of one message may go on in the next extent
 * of a queue, but a queue never ends in the middle of a message.
 */
export class Extent {
  readonly slab: Slab
  start: number
  end: number
  /** How many messages *end* in this extent (commands are not counted). */
  messages: number
  /** The body of the last record, where it is held by reference: its header ends at `end`. */
  body: Uint8Array | undefined = undefined
  /** The message of the last record goes on in the next extent. */
  continues: boolean = false
  next: Extent | undefined = undefined

  /** Takes over one use of the slab. */
  constructor(slab: Slab, start: number, end: number, messages: number) {
    this.slab = slab
    this.start = start
    this.end = end
    this.messages = messages
  }

  get size(): number {
    return this.end - this.start + (this.body === undefined ? 0 : this.body.length)
  }

  release(): void {
    this.slab.release()
  }
}

/** Where in an extent its first message ends; its end, where it does not. */
export function endOfMessage(extent: Extent): number {
  const { bytes } = extent.slab
  for (let at = extent.start; at < extent.end;) {
    const flags = bytes[at]!
    const long = (flags & LONG) !== 0
    at = long ? at + 9 + Number(bytes.readBigUInt64BE(at + 1)) : at + 2 + bytes[at + 1]!
    if ((flags & (MORE | COMMAND)) === 0) return Math.min(at, extent.end)
  }
  return extent.end
}

/** Drops all after the first message of a queue that begins with this extent, and answers the extent that ends it. */
export function keepFirst(head: Extent): Extent {
  let last = head
  let end = endOfMessage(last)
  for (; end === last.end && last.continues; end = endOfMessage(last)) last = last.next! // where it continues
  for (let extent = last.next; extent !== undefined; extent = extent.next) extent.release()
  if (end < last.end) last.body = undefined
  last.end = end
  last.messages = 1
  last.continues = false
  last.next = undefined
  return last
}

/** A body that is held by reference as a frame: the same memory. */
export function bodyOf(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
