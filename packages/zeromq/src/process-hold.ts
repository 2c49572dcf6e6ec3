/** Who keeps the process alive; `Scheduler` is one. */
export interface Keeper {
  /** For `busyPoll` microseconds the event loop does not sleep, either. */
  hold(busyPoll?: number): void
  release(): void
}

/** How long the process waits for what one session still has to send: as long as LINGER says since something was sent last. */
export class ProcessHold {
  readonly #keeper: Keeper
  #held = false
  #patience: NodeJS.Timeout | undefined

  constructor(keeper: Keeper) {
    this.#keeper = keeper
  }

  /** There is something to send; `linger` is in milliseconds, -1 without limit, 0: the process does not wait for it. */
  begin(linger: number): void {
    if (this.#held || linger === 0) return
    this.#held = true
    this.#keeper.hold()
    if (linger > 0) this.#patience = setTimeout(() => this.end(), linger).unref()
  }

  /** Something was sent: there is patience anew. */
  refresh(): void {
    this.#patience?.refresh()
  }

  /** Nothing is left to send, or the patience is over. Safe twice. */
  end(): void {
    if (!this.#held) return
    this.#held = false
    clearTimeout(this.#patience)
    this.#patience = undefined
    this.#keeper.release()
  }
}
