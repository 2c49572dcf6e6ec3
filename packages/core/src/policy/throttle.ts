import type { Clock, Timer } from '../clock/clock.ts'
import { systemClock } from '../clock/system.ts'
import type { Attempt, Context, Middleware } from '../handler.ts'
import { known, milliseconds, whole } from '../bounds.ts'
import { WaitingLine } from './waiting-line.ts'

/** How many in how long. */
export interface ThrottleOptions {
  /** Attempts that may begin in any `per` ms, 1 to 1,000,000. */
  readonly rate: number
  /** ms, 1 to 86,400,000. Default 1,000. */
  readonly per?: number
}

const OPTIONS = { rate: true, per: true } satisfies Record<keyof ThrottleOptions, true>

/**
 * At most `rate` attempts begin in any `per` ms, however they are spread. One instance may be shared by several handlers,
 * which then share the rate, first come first served.
 */
export class Throttle {
  readonly #rate: number
  readonly #per: number
  readonly #clock: Clock
  /** When the last `rate` attempts began: a circle, the oldest at `#next` once it is full. */
  readonly #began: Float64Array
  readonly #line = new WaitingLine()
  #next = 0
  #waking: Timer | undefined

  /** @throws BAD_OPTION */
  constructor(options: ThrottleOptions, clock: Clock = systemClock) {
    known('throttle', options, OPTIONS)
    const { rate, per = 1000 } = options
    whole('throttle.rate', rate, 1, 1_000_000)
    milliseconds('throttle.per', per, 1, 86_400_000)
    this.#rate = rate
    this.#per = per
    this.#clock = clock
    this.#began = new Float64Array(rate).fill(-Infinity)
  }

  /** ms until an attempt may begin; 0 is now. */
  get delay(): number {
    const now = this.#clock.now()
    const began = this.#began
    const latest = began[(this.#next + this.#rate - 1) % this.#rate] ?? -Infinity
    // Begun in the future: the clock was set back. They count as begun now, so that the work does not stop until then.
    if (latest > now) for (const [i, at] of began.entries()) began[i] = Math.min(at, now)
    const oldest = began[this.#next] ?? -Infinity
    return Math.max(0, oldest + this.#per - now)
  }

  /** Takes a place if there is one now. */
  tryTake(): boolean {
    if (this.#line.size > 0 || this.delay > 0) return false
    this.#take()
    return true
  }

  /** Takes a place when there is one. Rejects with the signal's reason when that comes first; the place is then free. */
  async take(signal?: AbortSignal): Promise<void> {
    if (this.tryTake()) return
    const served = this.#line.join(signal)
    this.#arm()
    try {
      await served
    } catch (error) {
      if (this.#line.size === 0) {
        this.#waking?.cancel()
        this.#waking = undefined
      }
      throw error
    }
  }

  #take(): void {
    this.#began[this.#next] = this.#clock.now()
    this.#next = (this.#next + 1) % this.#rate
  }

  #arm(): void {
    if (this.#line.size === 0) return
    if (this.#waking === undefined)
      this.#waking = this.#clock.after(this.delay, () => {
        this.#waking = undefined
        while (this.#line.size > 0 && this.delay === 0) {
          this.#take()
          this.#line.serve()
        }
        this.#arm()
      })
  }
}

/** Lets at most `rate` attempts begin in any `per` ms; the others wait. One rate for all handlers that it is used on. @throws BAD_OPTION */
export function throttle<C extends Attempt = Context>(options: ThrottleOptions | Throttle): Middleware<C> {
  let shared = options instanceof Throttle ? options : undefined
  if (!shared) new Throttle(options as ThrottleOptions) // so that a wrong option is told now and not at the first message
  return next => {
    const later = async (rate: Throttle, value: unknown, context: C): Promise<unknown> => {
      await rate.take(context.waiting)
      return next(value, context)
    }
    return (value, context) => {
      const rate = (shared ??= new Throttle(options as ThrottleOptions, context.clock))
      return rate.tryTake() ? next(value, context) : later(rate, value, context)
    }
  }
}
