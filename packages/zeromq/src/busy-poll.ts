/**
 * Keeps the event loop from going to sleep while a message is expected at once (BUSY_POLL). A thread that sleeps in the kernel is
 * woken tens of microseconds after the octets are there, more where its core has gone to sleep as well; one that turns sees them with
 * its next look. It costs a core for as long as it is asked for: timers and everything else that the loop has go on as before, but
 * it counts as busy (`eventLoopUtilization`).
 */
export class BusyPoll {
  readonly #clock: () => number
  #until = Number.NEGATIVE_INFINITY
  #turning = false
  readonly #turn = (): void => {
    this.#turning = this.#clock() < this.#until
    if (this.#turning) setImmediate(this.#turn)
  }

  /** `clock` gives milliseconds. */
  constructor(clock: () => number = () => performance.now()) {
    this.#clock = clock
  }

  /** Nobody expects anything any more. */
  stop(): void {
    this.#until = Number.NEGATIVE_INFINITY
  }

  /** From now on for so many microseconds the event loop does not sleep. */
  extend(microseconds: number): void {
    this.#until = Math.max(this.#until, this.#clock() + microseconds / 1000)
    if (this.#turning) return
    this.#turning = true
    setImmediate(this.#turn)
  }
}
