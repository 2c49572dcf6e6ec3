import { isShort, packPart } from './part.ts'
import { LARGE_SLAB, SMALL_SLAB, type Slab, type SlabPool } from './slab.ts'

/** The slab that a queue's writer packs into, one after the other. */
export class SlabWriter {
  /** Where in the slab the next record begins. Whoever packs one moves it. */
  at = 0
  readonly #slabs: SlabPool
  #slab: Slab | undefined
  /** What the next slab has to hold, so that a busy queue does not begin with a small one each time. */
  #next = SMALL_SLAB
  /** More than a small slab was packed since the last one was given back. */
  #busy = false

  constructor(slabs: SlabPool) {
    this.#slabs = slabs
  }

  /** The slab, with room for so many octets from `at` on. */
  room(needed: number): Slab {
    const slab = this.#slab
    return slab !== undefined && this.at + needed <= slab.bytes.length ? slab : this.#rotate(needed)
  }

  /**
   * Packs messages of one frame each, from index `from` on and before `to`, into the slab that `room` gave, as long as they are octets
   * below `BY_REFERENCE` and fit. Answers how many.
   */
  packMany(messages: readonly unknown[], from: number, to: number): number {
    const { bytes } = this.#slab! // there was room
    const most = bytes.length - 9
    let end = this.at
    let index = from
    for (; index < to; index++) {
      const part = messages[index]
      if (!isShort(part) || end + part.length > most) break
      end = packPart(bytes, end, part, part.length, 0)
    }
    this.at = end
    return index - from
  }

  /** Gives the slab back: nothing in it is queued any more, and the next message takes a warm one. */
  rest(): void {
    const slab = this.#slab
    if (slab === undefined) return
    this.#next = this.#busy || this.at >= SMALL_SLAB ? LARGE_SLAB : SMALL_SLAB
    this.#busy = false
    this.#slab = undefined
    slab.release()
  }

  #rotate(needed: number): Slab {
    if (this.#slab !== undefined) {
      this.#slab.release()
      this.#next = LARGE_SLAB
      this.#busy = true
    }
    this.at = 0
    return (this.#slab = this.#slabs.take(Math.max(needed, this.#next)))
  }
}
