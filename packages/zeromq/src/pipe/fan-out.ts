import { MORE } from '../wire/frame.ts'
import { BY_REFERENCE, packLongHeader, packPart, partSize, type Outgoing, type Part } from './part.ts'
import type { Pipe } from './pipe.ts'
import { Queue } from './queue.ts'
import { LARGE_SLAB, type Slab, type SlabPool } from './slab.ts'

/**
 * Gives a message to any number of pipes. Those to connections share its memory: it is encoded once, for the first of them.
 *
 *     fanOut.begin(message)
 *     for (const pipe of matching) fanOut.give(pipe)
 *     fanOut.done()
 */
export class FanOut {
  readonly #slabs: SlabPool
  #message: Outgoing = ''
  #encoded = false
  #slab: Slab | undefined
  #start = 0
  #at = 0
  readonly #one: Part[] = ['']
  /** Runs before the last one, where a message has parts that are held by reference. */
  #runs: { start: number; end: number; body: Uint8Array }[] = NO_RUNS

  constructor(slabs: SlabPool) {
    this.#slabs = slabs
  }

  /** A new message; nothing is sent yet. The one before must not be given on any more. */
  begin(message: Outgoing): void {
    this.#message = message
    this.#encoded = false
  }

  /** Gives the message to a pipe. False: the pipe has no room, and this message is dropped for it. */
  give(pipe: Pipe): boolean {
    const { out } = pipe
    if (!(out instanceof Queue)) return out.write(this.#message)
    if (!out.room()) return false
    if (!this.#encoded) this.#encode(this.#message)
    const slab = this.#slab! // it is encoded
    if (this.#runs === NO_RUNS) {
      out.append(slab, this.#start, this.#at, 1)
      return true
    }
    const tail = this.#at > this.#start
    for (let i = 0; i < this.#runs.length; i++) {
      const run = this.#runs[i]!
      out.append(slab, run.start, run.end, !tail && i + 1 === this.#runs.length ? 1 : 0, run.body)
    }
    if (tail) out.append(slab, this.#start, this.#at, 1)
    return true
  }

  /** Ends the message. */
  done(): void {
    this.#runs = NO_RUNS
    this.#message = ''
  }

  /** Returns the slab that is being filled to its pool; the next message takes another. */
  rest(): void {
    this.#slab?.release()
    this.#slab = undefined
    this.#at = 0
  }

  #encode(message: Outgoing): void {
    const parts = typeof message === 'string' || message instanceof Uint8Array ? this.#single(message) : message
    let needed = 0
    for (let i = 0; i < parts.length; i++) {
      const size = partSize(parts[i]!)
      needed += 9 + (size < BY_REFERENCE ? size : 0)
    }
    if (this.#slab === undefined || this.#at + needed > this.#slab.bytes.length) {
      this.#slab?.release()
      this.#slab = this.#slabs.take(Math.max(needed, LARGE_SLAB))
      this.#at = 0
    }
    const bytes = this.#slab.bytes
    let start = this.#at
    let at = start
    const last = parts.length - 1
    for (let i = 0; i <= last; i++) {
      const part = parts[i]!
      const size = partSize(part)
      const flags = i < last ? MORE : 0
      if (size < BY_REFERENCE) {
        at = packPart(bytes, at, part, size, flags)
      } else {
        const body = typeof part === 'string' ? Buffer.from(part) : part
        at = packLongHeader(bytes, at, flags, size)
        if (this.#runs === NO_RUNS) this.#runs = []
        this.#runs.push({ start, end: at, body })
        start = at
      }
    }
    this.#start = start
    this.#at = at
    this.#encoded = true
  }

  #single(part: Part): readonly Part[] {
    this.#one[0] = part
    return this.#one
  }
}

const NO_RUNS: { start: number; end: number; body: Uint8Array }[] = []
