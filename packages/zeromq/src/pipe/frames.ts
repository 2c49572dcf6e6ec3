import { Bodies } from './bodies.ts'
import type { Slab } from './slab.ts'

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
  constructor(pin: (page: ArrayBufferLike) => void = () => {}, bodies: Bodies = new Bodies()) {
    this.#bodies = bodies
    this.#small = new Page(16 * 1024, pin, bodies)
    this.#medium = new Page(64 * 1024, pin, bodies)
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
}

/** Memory that frames are cut from, one after the other. */
class Page {
  readonly #size: number
  readonly #pin: (page: ArrayBufferLike) => void
  readonly #bodies: Bodies
  #bytes: Buffer = EMPTY
  #words: Int32Array = NO_WORDS
  #memory: ArrayBufferLike = EMPTY.buffer
  #at = 0

  constructor(size: number, pin: (page: ArrayBufferLike) => void, bodies: Bodies) {
    this.#size = size
    this.#pin = pin
    this.#bodies = bodies
  }

  copy(slab: Slab, start: number, size: number): Buffer {
    if (this.#at + size > this.#bytes.length) this.#turn()
    const page = this.#bytes
    const at = this.#at
    this.#at = (at + size + 7) & ~7
    if (size <= LARGEST_BY_WORDS) {
      // A frame begins at a multiple of 8, a record anywhere: a view reads words there, and costs a fraction of a call.
      const { view, bytes } = slab
      const words = this.#words
      const first = at >> 2
      const count = size >> 2
      for (let i = 0; i < count; i++) words[first + i] = view.getInt32(start + (i << 2), NATIVE)
      for (let i = count << 2; i < size; i++) page[at + i] = bytes[start + i]!
    } else {
      slab.bytes.copy(page, at, start, start + size)
    }
    return new View(this.#memory, at, size)
  }

  #turn(): void {
    this.#bytes = this.#bodies.take(this.#size)
    this.#memory = this.#bytes.buffer
    this.#words = new Int32Array(this.#memory)
    this.#pin(this.#memory)
    this.#at = 0
  }
}

const EMPTY = Buffer.alloc(0)
const NO_WORDS = new Int32Array(0)
/** The order of octets in this machine's words. */
const NATIVE = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1
const LARGEST_SMALL = 256
/** The class of all Buffers where the platform shows it: what `subarray` makes, without its checks. */
const View: new (memory: ArrayBufferLike, at: number, size: number) => Buffer = bufferClass()
// From here on the call of `Buffer.copy` costs less than the loop.
const LARGEST_BY_WORDS = 160
// Above this a buffer of its own costs less than a part of a page.
const LARGEST_MEDIUM = 4 * 1024

function bufferClass(): new (memory: ArrayBufferLike, at: number, size: number) => Buffer {
  const shown = (Buffer as { [Symbol.species]?: unknown })[Symbol.species]
  if (typeof shown === 'function' && shown.prototype === Buffer.prototype && shown !== Buffer) {
    return shown as new (memory: ArrayBufferLike, at: number, size: number) => Buffer
  }
  return class {
    constructor(memory: ArrayBufferLike, at: number, size: number) {
      return Buffer.from(memory as ArrayBuffer, at, size)
    }
  } as unknown as new (memory: ArrayBufferLike, at: number, size: number) => Buffer
}
