/** When a connecting session tries again (RECONNECT_IVL, RECONNECT_IVL_MAX; milliseconds). */
export interface ReconnectOptions {
  /** -1 or 0: never. */
  readonly reconnectInterval: number
  /** 0: always the same, with jitter. Above the interval: doubled at each failure up to here, without jitter. */
  readonly reconnectMaxInterval: number
  /** From 0 up to, not including, 1. */
  readonly random: () => number
}

/** Counts failures and says how long to wait, as libzmq does. */
export class Reconnection {
  readonly #options: ReconnectOptions
  #interval: number

  constructor(options: ReconnectOptions) {
    this.#options = options
    this.#interval = options.reconnectInterval
  }

  /** Milliseconds until the next try; undefined: there is none. */
  next(): number | undefined {
    const { reconnectInterval, reconnectMaxInterval, random } = this.#options
    if (reconnectInterval <= 0) return undefined
    if (reconnectMaxInterval > 0) {
      const now = this.#interval
      this.#interval = Math.min(now * 2, Math.max(reconnectMaxInterval, reconnectInterval))
      return now
    }
    return Math.min(reconnectInterval + Math.floor(random() * reconnectInterval), LONGEST)
  }

  /** A connection was made: the next wait is the shortest again. */
  succeeded(): void {
    this.#interval = this.#options.reconnectInterval
  }
}

/** Milliseconds that a timer can wait; a longer one would not wait at all. */
const LONGEST = 0x7fffffff
