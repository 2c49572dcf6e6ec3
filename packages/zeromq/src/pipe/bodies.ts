/**
 * Makes the memory that is given away: what applications receive is theirs.
 *
 * Such memory lies outside the heap. V8 frees it in passing by a collection of young objects, a third of a millisecond, but begins
 * one only when the heap has filled. With large frames alone the bound on memory outside the heap, some 40 MB, comes first, and
 * with that a collection of the whole heap, many times as dear, on every core. So garbage is made in the heap in proportion: that
 * costs 12 µs for each MiB. V8 up to Node 20 counted the memory outside as well, and needed none.
 */
export class Bodies {
  #unmatched = 0
  // Kept, so that no compiler finds out that it is for nothing.
  readonly #garbage: unknown[] = [undefined]

  /** A buffer of `size` octets at offset 0 of memory of its own, whatever is in it. */
  take(size: number): Buffer {
    this.match(size)
    return Buffer.allocUnsafeSlow(size)
  }

  /** For `size` octets outside the heap that somebody else has made. */
  match(size: number): void {
    this.#unmatched += size
    for (; this.#unmatched >= STRETCH; this.#unmatched -= STRETCH) this.#garbage[0] = new Array(WORDS)
  }
}

/** Octets outside the heap for each `WORDS` words in it. Young objects have up to 16 MiB: that is 32 MiB outside, below the bound. */
const STRETCH = 32 * 1024
const WORDS = 2048
