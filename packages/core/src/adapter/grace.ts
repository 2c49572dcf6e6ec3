import { milliseconds } from '../bounds.ts'
import type { Clock, Timer } from '../clock/clock.ts'
import type { CloseOptions } from '../contract.ts'

/** What a close allows where its caller does not say, in ms. */
const GRACE = 30_000

/** The ms that a close allows; Infinity is as long as it takes. @throws BAD_OPTION */
export function graceOf(options: CloseOptions): number {
  const { timeout = GRACE } = options
  milliseconds('close: timeout', timeout, 0, Infinity)
  return timeout
}

/** The time that the broker has at the end of a close. */
export interface LastWords {
  /** Resolves when it is over. */
  readonly over: Promise<void>
  /** Aborts then. */
  readonly signal: AbortSignal
  /** All is said: leaves no timer. */
  end(): void
}

/** The time that a close allows to work in hand. A later, shorter one counts, a longer one does not. */
export class Grace {
  /** Resolves when the time is over. */
  readonly over: Promise<void>
  readonly #clock: Clock
  #until = Infinity
  #timer: Timer | undefined
  #end: () => void = () => undefined

  constructor(clock: Clock) {
    this.#clock = clock
    this.over = new Promise(resolve => (this.#end = resolve))
  }

  /** At most so many ms from now. */
  within(ms: number): void {
    const until = this.#clock.now() + ms
    if (until >= this.#until) return
    this.#until = until
    this.#timer?.cancel()
    if (ms > 0) this.#timer = this.#clock.after(ms, this.#end)
    else this.#end()
  }

  /** For what is said last: as long as there is time, and `least` ms from now at the least. */
  last(least: number, why: () => Error): LastWords {
    const abort = new AbortController()
    let timer: Timer | undefined
    const enough = new Promise<void>(resolve => (timer = this.#clock.after(least, resolve)))
    const over = Promise.all([enough, this.over]).then(() => abort.abort(why()))
    return { over, signal: abort.signal, end: () => timer?.cancel() }
  }

  /** It was not needed: leaves no timer. */
  cancel(): void {
    this.#timer?.cancel()
  }
}
