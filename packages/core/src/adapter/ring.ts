const NOTHING: undefined[] = []
const FIRST = 8

/** A first-in first-out queue that never shifts an array: a circle of slots that doubles when it is full. */
export class Ring<T> {
  // Nothing until the first push: most queues of most topics are never used.
  #slots: (T | undefined)[] = NOTHING
  #mask = -1
  #head = 0
  #size = 0

  get size(): number {
    return this.#size
  }

  push(item: T): void {
    if (this.#size > this.#mask) this.#grow()
    this.#slots[(this.#head + this.#size) & this.#mask] = item
    this.#size++
  }

  /** Puts an item before all others. */
  unshift(item: T): void {
    if (this.#size > this.#mask) this.#grow()
    this.#head = (this.#head - 1) & this.#mask
    this.#slots[this.#head] = item
    this.#size++
  }

  shift(): T | undefined {
    if (this.#size === 0) return undefined
    const at = this.#head
    const item = this.#slots[at]
    this.#slots[at] = undefined
    this.#head = (at + 1) & this.#mask
    this.#size--
    return item
  }

  peek(): T | undefined {
    return this.#size === 0 ? undefined : this.#slots[this.#head]
  }

  /** Takes it out wherever it stands: looks at all of them. False where it is not there. */
  remove(item: T): boolean {
    let found = false
    for (let left = this.#size; left > 0; left--) {
      const one = this.shift() as T // left > 0
      if (!found && one === item) found = true
      else this.push(one)
    }
    return found
  }

  clear(): void {
    this.#slots = NOTHING
    this.#mask = -1
    this.#head = 0
    this.#size = 0
  }

  *[Symbol.iterator](): Iterator<T> {
    for (let i = 0; i < this.#size; i++) yield this.#slots[(this.#head + i) & this.#mask] as T
  }

  #grow(): void {
    const old = this.#slots
    const slots = new Array<T | undefined>(old.length * 2 || FIRST).fill(undefined)
    for (let i = 0; i < this.#size; i++) slots[i] = old[(this.#head + i) & this.#mask]
    this.#slots = slots
    this.#mask = slots.length - 1
    this.#head = 0
  }
}
