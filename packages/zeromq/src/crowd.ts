/** Failures a second that are taken for mishaps. */
const RATE = 100
/** How many more may come at once. */
const BURST = 100

/**
 * Tells a flood from a storm: in a storm of honest peers the handshakes succeed. While more than a hundred of them a second
 * fail, newcomers are let in one by one, so that those who are in have their time.
 */
export class Crowd {
  #level = 0
  #last = 0

  /** A connection that came in has gone without a handshake. `now`: milliseconds of a clock that never goes back. */
  failed(now: number): void {
    this.#drain(now)
    this.#level = Math.min(this.#level + 1, 2 * BURST)
  }

  /** Whether too many have failed lately. */
  crowded(now: number): boolean {
    this.#drain(now)
    return this.#level > BURST
  }

  #drain(now: number): void {
    this.#level = Math.max(0, this.#level - ((now - this.#last) * RATE) / 1000)
    this.#last = now
  }
}
