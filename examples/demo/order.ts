/** Counts what arrives after a later one of its key. */
export class OrderWatch {
  readonly #last = new Map<string, number>()
  #outOfOrder = 0

  get outOfOrder(): number {
    return this.#outOfOrder
  }

  see(key: string, nth: number): void {
    const last = this.#last.get(key) ?? 0
    if (nth <= last) this.#outOfOrder++
    else this.#last.set(key, nth)
  }
}
