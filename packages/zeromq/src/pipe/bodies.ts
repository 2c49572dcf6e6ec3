/** What V8 has of young objects, in octets. */
export interface Young {
  readonly used: number
  readonly available: number
}

/**
 * Makes the memory that is given away: what applications receive is theirs.
 *
 * Such memory lies outside the heap. V8 frees it in passing by a collection of young objects, a third of a millisecond, but begins
 * one only when the young part of the heap has filled. With large frames alone the bound on memory outside the heap, some 40 MB,
 * comes first, and with that a collection of the whole heap, many times as dear, on every core. So where no young objects were
 * collected in time, garbage fills their part of the heap. V8 up to Node 20 counted the memory outside as well, and needed none.
 */
export class Bodies {
  readonly #young: () => Young | undefined
  /** Octets since the last look, and since young objects were last collected. */
  #since = 0
  #gathered = 0
  /** By young objects at the last look. */
  #used = 0
  readonly #garbage: unknown[] = [undefined]
  #large = false

  /** `young` is asked once for each 4 MiB that are made. Undefined: it cannot be told, and no garbage is made. */
  constructor(young: () => Young | undefined = () => undefined) {
    this.#young = young
  }

  /** A buffer of `size` octets at offset 0 of memory of its own, whatever is in it. */
  take(size: number): Buffer {
    this.count(size)
    if (size >= MAPPED && !this.#large) {
      this.#large = true
      keepFreed()
    }
    return Buffer.allocUnsafeSlow(size)
  }

  /** Somebody else has made `size` octets outside the heap. */
  count(size: number): void {
    this.#since += size
    if (this.#since >= STRETCH) this.#look()
  }

  #look(): void {
    const young = this.#young()
    this.#gathered += this.#since
    this.#since = 0
    if (young === undefined) return
    // There was a collection: nearly all of what had gathered is free.
    if (young.used < this.#used) this.#gathered = 0
    this.#used = young.used
    if (this.#gathered < Math.max(LEAST, (young.used + young.available) * 1.5)) return
    // Each is kept for as long as it takes to make the next, so that no compiler finds out that they are for nothing.
    for (let left = young.available; left >= 0; left -= WORDS * 8) this.#garbage[0] = new Array(WORDS)
    this.#garbage[0] = undefined
    this.#gathered = this.#used = 0
  }
}

/**
 * Has the allocator keep what is freed. glibc's maps a large block by itself, gives it back to the system when it is freed, and pays
 * for each page anew; when one of up to 32 MiB is freed it takes up to its size from what it keeps, and keeps twice that (mallopt(3),
 * M_MMAP_THRESHOLD). This one is never written to, and so costs no memory. Other allocators make and forget it.
 */
function keepFreed(): void {
  new ArrayBuffer(KEPT).transfer(0)
}

/** From here on glibc maps blocks by themselves. */
const MAPPED = 128 * 1024
/** A little less than 32 MiB, with what the allocator adds. */
const KEPT = 31 * 1024 * 1024
/** Octets outside the heap after which we look. */
const STRETCH = 4 * 1024 * 1024
/** So many may gather; and half as many again as young objects have, up to 24 MiB, so that garbage is no more than two thirds of it. */
const LEAST = 12 * 1024 * 1024
/** Of one piece of garbage: small enough that it is a young object like others. */
const WORDS = 2048
