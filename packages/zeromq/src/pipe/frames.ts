import { Bodies } from './bodies.ts'
import { bodyOf } from './extent.ts'
import { BY_REFERENCE, type Outgoing, type Part } from './part.ts'
import type { Slab } from './slab.ts'
import { LARGEST_MOVED, moveLong, moveShort, type Width, type Words } from './words.ts'

/**
 * Makes the frames that applications receive, which they own: nothing else ever reads or writes that memory, and keeping a
 * small frame keeps no more than a page. Every frame begins at a multiple of 8 octets, so that it can be viewed as any typed array.
 */
export class Frames {
  readonly #small: Page
  // Fewer pages cost less, and a frame of this size keeps no more than 256 times itself.
  readonly #medium: Page
  readonly #bodies: Bodies

  /** `pin` is told of each page: nobody may take it away from the frames beside (`markAsUntransferable`). */
  constructor(
    pin: (page: ArrayBufferLike) => void = () => {},
    bodies: Bodies = new Bodies(),
    { words = 'short' }: { words?: Width } = {},
  ) {
    this.#bodies = bodies
    this.#small = new Page(32 * 1024, pin, { bodies, words })
    this.#medium = new Page(64 * 1024, pin, { bodies, words })
  }

  /** A copy of the slab's octets `[start, end)`. */
  copy(slab: Slab, start: number, end: number): Buffer {
    const size = end - start
    if (size <= LARGEST_SMALL) return this.#small.copy(slab, start, size)
    if (size <= LARGEST_MEDIUM) return this.#medium.copy(slab, start, size)
    const whole = this.#bodies.take(size)
    slab.bytes.copy(whole, 0, start, end)
    return whole
  }

  /** A copy of what somebody sends; from `BY_REFERENCE` on the same memory. */
  own(part: Part): Buffer {
    if (typeof part === 'string') return this.#text(part)
    const size = part.length
    if (size <= LARGEST_INSIDE) return new View(part)
    if (size <= LARGEST_SMALL) return this.#small.set(part, size)
    if (size <= LARGEST_MEDIUM) return this.#medium.set(part, size)
    if (size >= BY_REFERENCE) return bodyOf(part)
    const whole = this.#bodies.take(size)
    whole.set(part)
    return whole
  }

  /** The frames of `envelope`, then those of `message` from index `from` on, as their receiver will own them. */
  message(message: Outgoing, envelope: readonly Uint8Array[] | undefined, from: number): Buffer[] {
    if (envelope === undefined && from === 0) {
      // An array that is made with what it holds takes no more memory than that.
      if (message instanceof Uint8Array || typeof message === 'string') return [this.own(message)]
      if (message.length === 1) return [this.own(message[0]!)] // there is one
    }
    const frames: Buffer[] = []
    if (envelope !== undefined) for (let i = 0; i < envelope.length; i++) frames.push(this.own(envelope[i]!))
    if (message instanceof Uint8Array || typeof message === 'string') frames.push(this.own(message))
    else for (let i = from; i < message.length; i++) frames.push(this.own(message[i]!))
    return frames
  }

  #text(text: string): Buffer {
    const size = Buffer.byteLength(text)
    if (size > LARGEST_MEDIUM) return Buffer.from(text)
    return (size <= LARGEST_SMALL ? this.#small : this.#medium).write(text, size)
  }
}

/** Memory that frames are cut from, one after the other. */
class Page {
  readonly #size: number
  readonly #pin: (page: ArrayBufferLike) => void
  readonly #bodies: Bodies
  readonly #wide: boolean
  readonly #largestMoved: number
  #bytes: Buffer = EMPTY
  #words: Words = NO_WORDS
  #memory: ArrayBufferLike = EMPTY.buffer
  #at = 0

  constructor(size: number, pin: (page: ArrayBufferLike) => void, { bodies, words }: { bodies: Bodies; words: Width }) {
    this.#size = size
    this.#pin = pin
    this.#bodies = bodies
    this.#wide = words === 'long'
    this.#largestMoved = LARGEST_MOVED[words]
  }

  copy(slab: Slab, start: number, size: number): Buffer {
    const at = this.#room(size)
    const page = this.#bytes
    if (size <= this.#largestMoved) {
      const { bytes, view } = slab
      const words = this.#words
      let i = this.#wide
        ? moveLong(view, start, size, words as BigInt64Array, at)
        : moveShort(view, start, size, words as Int32Array, at)
      for (; i < size; i++) page[at + i] = bytes[start + i]!
    } else {
      slab.bytes.copy(page, at, start, start + size)
    }
    return new View(this.#memory, at, size)
  }

  set(part: Uint8Array, size: number): Buffer {
    const at = this.#room(size)
    this.#bytes.set(part, at)
    return new View(this.#memory, at, size)
  }

  write(text: string, size: number): Buffer {
    const at = this.#room(size)
    this.#bytes.write(text, at)
    return new View(this.#memory, at, size)
  }

  #room(size: number): number {
    if (this.#at + size > this.#bytes.length) this.#turn()
    const at = this.#at
    this.#at = (at + size + 7) & ~7
    return at
  }

  #turn(): void {
    this.#bytes = this.#bodies.take(this.#size)
    this.#memory = this.#bytes.buffer
    this.#words = this.#wide ? new BigInt64Array(this.#memory) : new Int32Array(this.#memory)
    this.#pin(this.#memory)
    this.#at = 0
  }
}

const EMPTY = Buffer.alloc(0)
const NO_WORDS = new Int32Array(0)
const LARGEST_SMALL = 256
/** The class of all Buffers where the platform shows it: what `subarray` makes, without its checks. */
const View: ViewClass = bufferClass()
// Up to this size V8 keeps the octets of a copy in its own heap, where they cost no more than the object.
const LARGEST_INSIDE = 64
// Above this a buffer of its own costs less than a part of a page.
const LARGEST_MEDIUM = 4 * 1024

/** Octets `at` to `at + size` of some memory; or a copy of other octets. */
type ViewClass = new (...of: [memory: ArrayBufferLike, at: number, size: number] | [octets: Uint8Array]) => Buffer

function bufferClass(): ViewClass {
  const shown = (Buffer as { [Symbol.species]?: unknown })[Symbol.species]
  if (typeof shown === 'function' && shown.prototype === Buffer.prototype && shown !== Buffer) {
    return shown as ViewClass
  }
  return class {
    constructor(memory: ArrayBufferLike, at?: number, size?: number) {
      return Buffer.from(memory as ArrayBuffer, at, size)
    }
  } as unknown as ViewClass
}
