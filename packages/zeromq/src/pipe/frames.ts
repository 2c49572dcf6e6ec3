/**
 * Makes the frames that applications receive, which they own: nothing else ever reads or writes that memory, and keeping a
 * small frame keeps no more than a page. Every frame begins at a multiple of 8 octets, so that it can be viewed as any typed array.
 */
export class Frames {
  #page: Buffer = EMPTY
  #at = 0

  /** A copy of `bytes[start, end)`. */
  copy(bytes: Buffer, start: number, end: number): Buffer {
    const size = end - start
    if (size > LARGEST_ON_PAGE) {
      const whole = Buffer.allocUnsafeSlow(size)
      bytes.copy(whole, 0, start, end)
      return whole
    }
    let at = this.#at
    if (at + size > this.#page.length) {
      this.#page = Buffer.allocUnsafeSlow(PAGE)
      at = 0
    }
    const page = this.#page
    if (size <= 16) for (let i = 0; i < size; i++) page[at + i] = bytes[start + i]!
    else bytes.copy(page, at, start, end)
    this.#at = (at + size + 7) & ~7
    return page.subarray(at, at + size)
  }
}

const EMPTY = Buffer.alloc(0)
const PAGE = 8 * 1024
// Above this a buffer of its own costs less than what a page would keep alive.
const LARGEST_ON_PAGE = 2 * 1024
