/**
 * Settled in any order, told in order: for logs and windows where only "everything up to here" can be said
 * (Kafka's offsets, MQTT's acknowledgements, a table's sequence). Numbers may have gaps (compaction, transactions).
 */
export class ContiguousTracker {
  /** Handed out and not settled, in the order of handing out: a Map keeps it. */
  readonly #open = new Map<number, boolean>()
  #done: number | undefined
  #last: number | undefined

  /** A number was handed out; each must be larger than the one before. */
  handed(number: number): void {
    this.#open.set(number, false)
    this.#last = number
  }

  /**
   * A number is settled. Returns the highest number up to which all are settled, when that moved; otherwise undefined.
   * A number that was never handed out, or is settled already, moves nothing.
   */
  settled(number: number): number | undefined {
    if (!this.#open.has(number)) return undefined
    this.#open.set(number, true)
    let moved = false
    for (const [first, done] of this.#open) {
      if (!done) break
      this.#open.delete(first)
      this.#done = first
      moved = true
    }
    return moved ? this.#done : undefined
  }

  /** The highest number up to which all are settled; undefined before there is one. */
  get done(): number | undefined {
    return this.#done
  }

  /** The lowest number that is handed out and not settled. */
  get oldest(): number | undefined {
    for (const [first] of this.#open) return first
    return undefined
  }

  /** How many numbers are kept: the un-settled and those settled behind them. */
  get size(): number {
    return this.#open.size
  }

  /** How far the newest is ahead of the oldest un-settled one; 0 when all are settled. */
  get spread(): number {
    const oldest = this.oldest
    return oldest === undefined || this.#last === undefined ? 0 : this.#last - oldest
  }

  clear(): void {
    this.#open.clear()
  }
}
