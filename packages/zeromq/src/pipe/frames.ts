/**
 * Makes the frames that applications receive, which they own: nothing else ever reads or writes that memory, and keeping a
 * small frame keeps no more than a page. Every frame begins at a multiple of 8 octets, so that it can be viewed as any typed array.
 */
export class Frames {
  readonly #small: Page
  // Fewer pages cost less, and a frame of this size keeps no more than 256 times itself.
  readonly #medium: Page

  /** `pin` is told of each page: nobody may take it away from the frames beside (`markAsUntransferable`). */
  constructor(pin: (page: ArrayBufferLike) => void = () => {}) {
    this.#small = new Page(16 * 1024, pin)
    this.#medium = new Page(64 * 1024, pin)
  }

  /** A copy of `bytes[start, end)`. */
  copy(bytes: Buffer, start: number, end: number): Buffer {
    const size = end - start
    if (size <= LARGEST_SMALL) return this.#small.copy(bytes, start, end, size)
    if (size <= LARGEST_MEDIUM) return this.#medium.copy(bytes, start, end, size)
    const whole = Buffer.allocUnsafeSlow(size)
    bytes.copy(whole, 0, start, end)
    return whole
  }
}

/** Memory that frames are cut from, one after the other. */
class Page {
  readonly #size: number
  readonly #pin: (page: ArrayBufferLike) => void
  #bytes: Buffer = EMPTY
  #at = 0

  constructor(size: number, pin: (page: ArrayBufferLike) => void) {
    this.#size = size
    this.#pin = pin
  }

  copy(bytes: Buffer, start: number, end: number, size: number): Buffer {
    let at = this.#at
    if (at + size > this.#bytes.length) {
      this.#bytes = Buffer.allocUnsafeSlow(this.#size)
      this.#pin(this.#bytes.buffer)
      at = 0
    }
    const page = this.#bytes
    // Below this size a loop is faster than a call into the runtime.
    if (size <= 16) for (let i = 0; i < size; i++) page[at + i] = bytes[start + i]!
    else bytes.copy(page, at, start, end)
    this.#at = (at + size + 7) & ~7
    return page.subarray(at, at + size)
  }
}

const EMPTY = Buffer.alloc(0)
const LARGEST_SMALL = 256
// Above this a buffer of its own costs less than a part of a page.
const LARGEST_MEDIUM = 4 * 1024
