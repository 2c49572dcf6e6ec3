/** What is kept in hand: its slot is given here. */
export interface Kept {
  readonly offset: number
  slot: number
}

/**
 * Records of a partition that are handed over and not settled: added in the order of their offsets, settled in any.
 * Offsets may have gaps.
 */
export class InHand<T extends Kept> {
  /** A ring, as long as a power of two; undefined is settled. */
  #ring: (T | undefined)[] = new Array<T | undefined>(64)
  /** Slots of the oldest and after the newest; they only grow. */
  #head = 0
  #tail = 0
  #size = 0
  #newest = 0

  /** How many are not settled. */
  get size(): number {
    return this.#size
  }

  get oldest(): T | undefined {
    return this.#ring[this.#head & (this.#ring.length - 1)]
  }

  /** How far the newest is beyond the oldest that is not settled; 0 when all are. */
  get spread(): number {
    const { oldest } = this
    return oldest === undefined ? 0 : this.#newest - oldest.offset
  }

  add(one: T): void {
    if (this.#tail - this.#head === this.#ring.length) this.#grow()
    one.slot = this.#tail++
    this.#ring[one.slot & (this.#ring.length - 1)] = one
    this.#newest = one.offset
    this.#size++
  }

  /** Instead of that which has its slot. */
  replace(one: T): void {
    if (this.#has(one)) this.#ring[one.slot & (this.#ring.length - 1)] = one
  }

  /** True when the oldest is another now, or there is none. What was settled before moves nothing. */
  settle(one: T): boolean {
    if (!this.#has(one)) return false
    const mask = this.#ring.length - 1
    this.#ring[one.slot & mask] = undefined
    this.#size--
    if (one.slot !== this.#head) return false
    do this.#head++
    while (this.#head < this.#tail && this.#ring[this.#head & mask] === undefined)
    return true
  }

  /** Oldest first. */
  *[Symbol.iterator](): Iterator<T> {
    for (let slot = this.#head; slot < this.#tail; slot++) {
      const one = this.#ring[slot & (this.#ring.length - 1)]
      if (one !== undefined) yield one
    }
  }

  #has({ slot }: T): boolean {
    return slot >= this.#head && slot < this.#tail && this.#ring[slot & (this.#ring.length - 1)] !== undefined
  }

  #grow(): void {
    const old = this.#ring
    const ring = new Array<T | undefined>(old.length * 2)
    for (let slot = this.#head; slot < this.#tail; slot++) ring[slot & (ring.length - 1)] = old[slot & (old.length - 1)]
    this.#ring = ring
  }
}
