const NEVER = Infinity
const FIRST = 4

/** When the messages of a log expire, by their offsets: a circle that doubles when it is full. */
export class Expiries {
  #slots = new Float64Array(FIRST).fill(NEVER)

  /** Undefined for one that does not expire. */
  at(offset: number): number | undefined {
    const at = this.#slots[offset & (this.#slots.length - 1)]!
    return at === NEVER ? undefined : at
  }

  /** Those from `from` to `to - 1` come now, and expire then, or never; those from `head` on are still kept. */
  add(head: number, from: number, to: number, at: number = NEVER): void {
    if (to - head > this.#slots.length) this.#grow(head, from, to)
    for (let offset = from; offset < to; offset++) this.#slots[offset & (this.#slots.length - 1)] = at
  }

  #grow(head: number, from: number, to: number): void {
    const slots = new Float64Array(2 ** Math.ceil(Math.log2(to - head)))
    for (let offset = head; offset < from; offset++)
      slots[offset & (slots.length - 1)] = this.#slots[offset & (this.#slots.length - 1)]!
    this.#slots = slots
  }
}
