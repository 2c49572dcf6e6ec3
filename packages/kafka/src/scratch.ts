/** Up to here memory is kept for the next. */
const KEPT = 2 * 1024 * 1024
const LEAST = 64 * 1024

/**
 * Memory for what is written, sent and forgotten, again and again: new memory for each request would have the garbage
 * collector look at everything each time that some dozens of megabytes were used.
 */
export class Scratch {
  #memory: Buffer = Buffer.alloc(0)
  #at = 0

  /** So many bytes, of any content. */
  take(size: number): Buffer {
    if (size > KEPT) return Buffer.allocUnsafe(size)
    if (this.#at + size > this.#memory.length) {
      const length = Math.min(KEPT, Math.max(LEAST, this.#memory.length * 2, size))
      this.#memory = Buffer.allocUnsafeSlow(length)
      this.#at = 0
    }
    this.#at += size
    return this.#memory.subarray(this.#at - size, this.#at)
  }

  /** Nothing that was taken is in use any more. */
  clear(): void {
    this.#at = 0
  }
}
