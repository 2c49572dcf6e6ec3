import { Extent } from '../pipe/extent.ts'
import { DIRECT_BODY } from './read-buffer.ts'
import type { Queue } from '../pipe/queue.ts'
import type { Slab } from '../pipe/slab.ts'
import { COMMAND, LONG, MORE } from '../wire/frame.ts'

/** A stretch of packed records, of which the last may be incomplete: `[at, end)` of the slab. */
export interface Records {
  slab: Slab | undefined
  at: number
  end: number
}

/** What a peer may make us hold. */
export interface Limits {
  /** Octets of one frame. */
  readonly frame: number
  /** Frames of one message. */
  readonly parts: number
  /** Octets of one message of more than one frame. */
  readonly message: number
  /** Octets of one command. */
  readonly command: number
}

/**
 * Where a scan stopped. 'more': what is there was understood, more has to come. 'parked': the queue is at its mark.
 * 'body': a body that is worth reading directly begins; see `body`. 'failed': see `failure`.
 */
export type Scanned = 'more' | 'parked' | 'body' | 'failed'

/** Finds whole messages in packed records and queues them where they lie, run by run; hands commands on. */
export class Scanner {
  /** Octets that would complete the frame at which the last scan stopped. */
  wanted = 0
  /** After 'body': the flags, size and beginning of the body, whose header begins at `at` of the records. */
  readonly body: { flags: number; size: number; from: number } = { flags: 0, size: 0, from: 0 }
  failure = ''
  readonly #queue: Queue
  readonly #limits: Limits
  readonly #command: (slab: Slab, at: number, from: number, to: number) => void
  /** Frames of a message whose last frame has not come. */
  #pending: Extent[] = []
  #parts = 0
  #octets = 0
  #closed = false

  /** `command` gets each command: its record begins at `at`, its body is `[from, to)`. */
  constructor(queue: Queue, limits: Limits, command: (slab: Slab, at: number, from: number, to: number) => void) {
    this.#queue = queue
    this.#limits = limits
    this.#command = command
  }

  /** Goes through the records and moves `records.at` behind what it has understood. */
  scan(records: Records): Scanned {
    const slab = records.slab
    if (slab === undefined) return 'more'
    const bytes = slab.bytes
    const end = records.end
    const queue = this.#queue
    let room = queue.mark === 0 || queue.conflate ? Infinity : queue.mark - queue.length
    let at = records.at
    let run = at
    let whole = at
    let messages = 0
    let result: Scanned = 'more'
    const short = !queue.conflate && this.#limits.frame >= 255
    this.wanted = 0
    while (end - at >= 2) {
      const flags = bytes[at]!
      if (flags === 0 && short && this.#parts === 0) {
        // Messages of one short frame, as most are: there is nothing to look at but whether they are whole.
        while (room > 0 && end - at >= 2 && bytes[at] === 0) {
          const next = at + 2 + bytes[at + 1]!
          if (next > end) break
          at = next
          messages++
          room--
        }
        if (at > whole) {
          whole = at
          continue
        }
      }
      let size = bytes[at + 1]!
      let from = at + 2
      if ((flags & LONG) !== 0) {
        if (end - at < 9) break
        size = bytes.readUInt32BE(at + 1) * 0x1_0000_0000 + bytes.readUInt32BE(at + 5)
        from = at + 9
      }
      if ((flags & COMMAND) !== 0) {
        if (size > this.#limits.command) {
          result = this.#fail(`a command of ${size} octets`)
          break
        }
        if (from + size > end) {
          this.wanted = from + size - end
          break
        }
        this.#flush(slab, run, whole, at, messages)
        messages = 0
        // A command never has MORE; whoever reads it from the queue would wait for more frames of it.
        if ((flags & MORE) !== 0) bytes[at] = flags & ~MORE
        this.#command(slab, at, from, from + size)
        at = run = whole = from + size
        if (this.#closed) break
        continue
      }
      if (room <= 0) {
        result = 'parked'
        break
      }
      if (size > this.#limits.frame) {
        result = this.#fail(`a frame of ${size} octets, more than MAXMSGSIZE allows`)
        break
      }
      if (from + size > end) {
        if (size >= DIRECT_BODY) {
          if (this.#octets + size > this.#limits.message && this.#parts > 0) {
            result = this.#fail(`a message of more than ${this.#limits.message} octets`)
            break
          }
          this.body.flags = flags
          this.body.size = size
          this.body.from = from
          result = 'body'
        } else {
          this.wanted = from + size - end
        }
        break
      }
      at = from + size
      if ((flags & MORE) !== 0) {
        if (!this.#allowed(size)) {
          result = 'failed'
          break
        }
        continue
      }
      this.#parts = this.#octets = 0
      messages++
      room--
      whole = at
      if (queue.conflate) {
        this.#flush(slab, run, whole, at, messages)
        run = at
        messages = 0
      }
    }
    this.#flush(slab, run, whole, at, messages)
    records.at = at
    return this.failure === '' ? result : 'failed'
  }

  /** Queues the frame whose header is `[at, from)` of the slab and whose body was read apart. */
  complete(slab: Slab, at: number, from: number, flags: number, body: Uint8Array): void {
    if (!this.#allowed(body.length)) return
    if ((flags & MORE) !== 0) {
      slab.uses++
      const extent = new Extent(slab, at, from, 0)
      extent.body = body
      this.#pending.push(extent)
      return
    }
    this.#parts = this.#octets = 0
    this.#appendPending()
    this.#queue.append(slab, at, from, 1, body)
  }

  /** Drops the message that has begun; a scan that is under way ends after the command that it is at. */
  close(): void {
    this.#closed = true
    for (const extent of this.#pending) extent.release()
    this.#pending = []
  }

  #allowed(size: number): boolean {
    this.#octets += size
    if (++this.#parts > this.#limits.parts) this.#fail(`a message of more than ${this.#limits.parts} frames`)
    else if (this.#octets > this.#limits.message && this.#parts > 1) {
      this.#fail(`a message of more than ${this.#limits.message} octets`)
    }
    return this.failure === ''
  }

  #fail(what: string): 'failed' {
    this.failure = `the peer sent ${what}`
    return 'failed'
  }

  #flush(slab: Slab, run: number, whole: number, at: number, messages: number): void {
    if (whole > run) {
      this.#appendPending()
      this.#queue.append(slab, run, whole, messages)
    }
    if (at > whole) {
      slab.uses++
      this.#pending.push(new Extent(slab, whole, at, 0))
    }
  }

  #appendPending(): void {
    if (this.#pending.length === 0) return
    for (const extent of this.#pending) {
      this.#queue.append(extent.slab, extent.start, extent.end, 0, extent.body)
      extent.release()
    }
    this.#pending = []
  }
}
