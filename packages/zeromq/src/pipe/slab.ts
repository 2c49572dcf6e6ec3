import { Bodies } from './bodies.ts'

/** Octets of a small slab: what a pipe that sends now and then needs. */
export const SMALL_SLAB: number = 4 * 1024
/** Octets of a large slab, and the most that one write hands to the kernel: 1,000 messages of 128 octets. */
export const LARGE_SLAB: number = 128 * 1024

/** A piece of memory that packed records lie in. It goes back to its pool when the last extent over it is released. */
export class Slab {
  readonly bytes: Buffer
  /** The same octets, to be read as words wherever they begin. */
  readonly view: DataView
  /** How many extents, writers and reads still use it. */
  uses = 0
  readonly #pool: SlabPool | undefined

  constructor(bytes: Buffer, pool?: SlabPool) {
    this.bytes = bytes
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#pool = pool
  }

  /** Gives up one use; the last one returns the slab to its pool. */
  release(): void {
    if (--this.uses === 0) this.#pool?.put(this)
  }
}

/**
 * Slabs that are free, the last used first, so that they are still in the processor's cache.
 * `keep` bounds the octets kept for later; what is above it is left to the garbage collector.
 */
export class SlabPool {
  /** Where the memory comes from that is not lent but given away. */
  readonly bodies: Bodies
  readonly #small: Slab[] = []
  readonly #large: Slab[] = []
  readonly #keep: number

  constructor(keep: number = 4 * 1024 * 1024, bodies: Bodies = new Bodies()) {
    this.#keep = keep
    this.bodies = bodies
  }

  /** A slab with room for `size` octets, used once (by the caller). One larger than `LARGE_SLAB` is not kept afterwards. */
  take(size: number): Slab {
    const slab =
      size <= SMALL_SLAB
        ? (this.#small.pop() ?? new Slab(Buffer.allocUnsafeSlow(SMALL_SLAB), this))
        : size <= LARGE_SLAB
          ? (this.#large.pop() ?? new Slab(Buffer.allocUnsafeSlow(LARGE_SLAB), this))
          : new Slab(Buffer.allocUnsafeSlow(size))
    slab.uses = 1
    return slab
  }

  /** For `Slab.release` alone. */
  put(slab: Slab): void {
    const size = slab.bytes.length
    const list = size === SMALL_SLAB ? this.#small : this.#large
    if (list.length * size < this.#keep / 2) list.push(slab)
  }
}
