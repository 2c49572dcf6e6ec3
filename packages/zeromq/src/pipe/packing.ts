import { COMMAND, LONG, MORE } from '../wire/frame.ts'
import type { Bodies } from './bodies.ts'
import { bodyOf, type Extent } from './extent.ts'
import type { Filter } from './filter.ts'
import { PackedMessages } from './packed-messages.ts'
import { packLongHeader } from './part.ts'

/**
 * Messages on their way from queues into one piece of memory: first it is noted where they lie, then as much memory is made and all is
 * copied. Between the two nothing else may happen, as queues give away what they were read from.
 */
export class Packing {
  readonly #starts: number[] = []
  readonly #pieces: Piece[] = []
  /** Octets of the pieces. */
  #size = 0
  /** The message that was noted last goes on, and whether it is wanted. */
  #midway = false
  #wanted = true

  /** Whole messages, and perhaps one of which the rest is still to come. */
  get length(): number {
    return this.#starts.length
  }

  /** Enough octets for one piece of memory. One message may go beyond that. */
  get full(): boolean {
    return this.#size >= ENOUGH
  }

  /** Whether an extent is to be taken that follows: until there are `max` messages, and until the last is whole. */
  wants(max: number): boolean {
    return this.#midway || (this.length < max && !this.full)
  }

  /**
   * Notes an extent's records from its start on, as far as they are wanted, and moves the start. What `filter` does not want, and
   * commands, are left out. Answers how many messages ended there.
   */
  take(extent: Extent, max: number, filter?: Filter): number {
    const { end } = extent
    const { bytes } = extent.slab
    const starts = this.#starts
    let at = extent.start
    // Since there all is wanted and not yet a piece.
    let from = at
    let ended = 0
    while (at < end && (this.#midway || (starts.length < max && this.#size + at - from < ENOUGH))) {
      const start = at
      const flags = bytes[start]!
      const long = (flags & LONG) !== 0
      at = start + (long ? 9 : 2)
      const body = at === end ? extent.body : undefined
      if (body === undefined) at += long ? longSize(bytes, start) : bytes[start + 1]!
      if (!this.#midway) {
        this.#wanted =
          (flags & COMMAND) === 0 &&
          (filter === undefined ||
            (body === undefined ? filter.wants(bytes, start + (long ? 9 : 2), at) : filter.wants(body, 0, body.length)))
        if (this.#wanted) starts.push(this.#size + start - from)
      }
      this.#midway = (flags & MORE) !== 0
      if ((flags & (MORE | COMMAND)) === 0) ended++
      if (body !== undefined) extent.body = undefined
      if (!this.#wanted) {
        this.#note(bytes, from, start)
        from = at
      } else if (body !== undefined) {
        this.#note(bytes, from, at)
        from = at
        this.#note(bodyOf(body), 0, body.length)
      }
    }
    this.#note(bytes, from, at)
    extent.start = at
    return ended
  }

  /** A message that lies in no queue. */
  add(message: readonly Buffer[]): void {
    this.#starts.push(this.#size)
    const last = message.length - 1
    for (let i = 0; i <= last; i++) {
      const frame = message[i]! // i is below the length
      const header = Buffer.allocUnsafe(9)
      const flags = i < last ? MORE : 0
      header[0] = flags
      header[1] = frame.length
      this.#note(header, 0, frame.length < 256 ? 2 : packLongHeader(header, 0, flags, frame.length))
      this.#note(frame, 0, frame.length)
    }
  }

  /** All of it, in memory that `bodies` makes. */
  finish(bodies: Bodies): PackedMessages {
    const bytes = bodies.take(this.#size)
    let to = 0
    for (const piece of this.#pieces) to += piece.bytes.copy(bytes, to, piece.from, piece.to)
    return new PackedMessages(bytes, this.#starts)
  }

  #note(bytes: Buffer, from: number, to: number): void {
    if (from === to) return
    this.#pieces.push({ bytes, from, to })
    this.#size += to - from
  }
}

/** Octets `[from, to)` of `bytes`. */
interface Piece {
  readonly bytes: Buffer
  readonly from: number
  readonly to: number
}

/** Octets after which no message is begun: more do not fit into a near cache together with what is done with them. */
const ENOUGH = 256 * 1024

function longSize(bytes: Buffer, at: number): number {
  return bytes.readUInt32BE(at + 1) * 0x1_0000_0000 + bytes.readUInt32BE(at + 5)
}
