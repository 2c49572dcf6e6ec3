/** Waits in a row that ended in the turn they began in, before it is taken for a stream. */
const WAITS = 16
/** Deliveries that a turn must bring for it to go on being one. */
const WORTH = 4
/** The most waits that are asked for after streams that were none. */
const MOST_WAITS = 4096

/**
 * Tells whether deliveries come so fast that it is better to let a turn of the event loop collect them than to be woken
 * for each: a wake costs a promise and a settlement of its own. Where it was wrong it believes less quickly the next time.
 */
export class StreamSense {
  #hasty = 0
  #wanted = WAITS
  #streaming = false
  #brought = 0
  #turn: NodeJS.Immediate | undefined

  /** A delivery was there without waiting. */
  took(): void {
    this.#brought++
  }

  /** Nothing is there now. True: leave it for a turn; false: wait for the next delivery, and tell when it is here. */
  dry(): boolean {
    const worth = this.#brought >= WORTH
    this.#brought = 0
    if (this.#streaming) {
      if (worth) return true
      this.#streaming = false
      this.#wanted = Math.min(MOST_WAITS, this.#wanted * 2)
    }
    if (this.#hasty >= this.#wanted) {
      this.#hasty = 0
      this.#streaming = true
      return true
    }
    this.#turn ??= setImmediate(() => (this.#turn = undefined))
    return false
  }

  /** What was waited for is here. */
  woken(): void {
    if (this.#turn === undefined) this.#hasty = 0
    else this.#hasty++
  }

  /** Leaves nothing behind. */
  stop(): void {
    clearImmediate(this.#turn)
    this.#turn = undefined
  }
}
