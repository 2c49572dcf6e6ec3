/** The ids seen within the last so many ms, oldest out first beyond a bound. */
export class DedupeWindow {
  readonly #window: number
  readonly #most: number
  readonly #seen = new Map<string, number>()

  constructor(window: number, most = 100_000) {
    this.#window = window
    this.#most = most
  }

  /** True the first time an id is seen within the window. */
  first(id: string, now: number): boolean {
    for (const [old, at] of this.#seen) {
      if (now - at < this.#window && this.#seen.size <= this.#most) break
      this.#seen.delete(old)
    }
    if (this.#seen.has(id)) return false
    this.#seen.set(id, now)
    return true
  }
}
