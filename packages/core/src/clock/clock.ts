/** Time as the library sees it, so that tests can move it. */
export interface Clock {
  /**
   * Milliseconds since the epoch; never goes back by itself. Where somebody sets the machine's clock back, what waits for
   * a moment waits so much longer; throttles and breakers do not, and nothing is lost.
   */
  now(): number
  /** Calls `run` once, `delay` ms (0 or more) from now. A background timer does not keep the process alive. */
  after(delay: number, run: () => void, options?: { readonly background?: boolean }): Timer
}

/** Something that a clock will call once. */
export interface Timer {
  /** Safe twice and after it ran. */
  cancel(): void
  /**
   * Says anew whether it keeps the process alive. Left out where a timer cannot change its mind, as one of a virtual
   * clock, where what waits is counted: it is cancelled and made again.
   */
  hold?(alive: boolean): void
}
