/** Remembered at most; the oldest goes first. */
const MOST = 10_000

/**
 * How often a message was handed out and given back without a failure. The server counts such hand-outs with the rest;
 * this process at least need not.
 */
export class Releases {
  readonly #counts = new Map<string, number>()

  add(key: string): void {
    const count = (this.#counts.get(key) ?? 0) + 1
    this.#counts.delete(key)
    this.#counts.set(key, count)
    if (this.#counts.size <= MOST) return
    const [oldest] = this.#counts.keys()
    if (oldest !== undefined) this.#counts.delete(oldest)
  }

  of(key: string): number {
    return this.#counts.size === 0 ? 0 : (this.#counts.get(key) ?? 0)
  }

  forget(key: string): void {
    if (this.#counts.size > 0) this.#counts.delete(key)
  }
}
