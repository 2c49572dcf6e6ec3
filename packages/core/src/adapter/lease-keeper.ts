import type { Clock, Timer } from '../clock/clock.ts'

export interface LeaseKeeperOptions {
  readonly clock: Clock
  /** ms */
  readonly lease: number
  /** ms from hand-over for which a lease is extended unasked. */
  readonly maxLease: number
  /** Extends those that are young enough, by the keeper's ticks; resolves when told the broker. */
  readonly extend: (youngerThan: (tick: number) => boolean) => void
  /** Whether anything is leased now. */
  readonly busy: () => boolean
}

/**
 * Extends the leases of what is buffered and in hand, three times a lease, until each is `maxLease` old.
 * Age is counted in ticks, so that handing over a delivery reads no clock.
 */
export class LeaseKeeper {
  readonly #options: LeaseKeeperOptions
  readonly #interval: number
  #timer: Timer | undefined
  #stopped = false
  tick = 0

  constructor(options: LeaseKeeperOptions) {
    this.#options = options
    this.#interval = Math.max(1, Math.floor(options.lease / 3))
  }

  /** To be called whenever something was handed over. */
  arm(): void {
    if (this.#timer || this.#stopped) return
    this.#timer = this.#options.clock.after(this.#interval, () => this.#beat(), { background: true })
  }

  stop(): void {
    this.#stopped = true
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #beat(): void {
    this.#timer = undefined
    this.tick++
    if (!this.#options.busy()) return
    const oldest = this.tick - Math.floor(this.#options.maxLease / this.#interval)
    this.#options.extend(tick => tick >= oldest)
    this.arm()
  }
}
