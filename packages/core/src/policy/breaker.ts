import type { Clock, Timer } from '../clock/clock.ts'
import { systemClock } from '../clock/system.ts'
import { asError, MillraceError } from '../errors.ts'
import type { Attempt, Context, Middleware } from '../handler.ts'
import { isThenable } from '../thenable.ts'
import { callable, known, milliseconds, whole } from '../bounds.ts'
import { warn } from '../warning.ts'

/** When a breaker opens and how it closes again. */
export interface BreakerOptions {
  /** Failures in a row that open it, 1 to 1,000,000. Default 5. */
  readonly failures?: number
  /** Instead of `failures`: whether it opens, asked after each failure while it is closed. */
  readonly trip?: (counts: BreakerCounts) => boolean
  /** ms after which the counts of a closed breaker begin anew; default: only at a change of state. */
  readonly interval?: number
  /** ms that it stays open before it lets probes through. Default 10,000. */
  readonly cooldown?: number
  /** Attempts let through at a time while half open; so many successes in a row close it, one failure opens it. Default 1. */
  readonly probes?: number
  /** Which errors are failures; others count as successes. Default: all. TIMEOUT is one like the others. */
  readonly failure?: (error: Error) => boolean
  /** Told of each change. What it throws is reported as a warning. */
  readonly onChange?: (from: BreakerState, to: BreakerState) => void
}

const OPTIONS = {
  failures: true, trip: true, interval: true, cooldown: true, probes: true, failure: true, onChange: true,
} satisfies Record<keyof BreakerOptions, true> // prettier-ignore

/** Closed lets all through, open nothing, half-open a few probes. */
export type BreakerState = 'closed' | 'open' | 'half-open'

/** Of the present state. */
export interface BreakerCounts {
  readonly attempts: number
  readonly successes: number
  readonly failures: number
  readonly successesInARow: number
  readonly failuresInARow: number
}

type Counts = { -readonly [K in keyof BreakerCounts]: BreakerCounts[K] }

type State =
  | { readonly is: 'closed'; readonly counts: Counts; since: number }
  | { readonly is: 'open'; readonly until: number }
  | { readonly is: 'half-open'; readonly counts: Counts; running: number }

/** A pass through a breaker: the state it was given in. The result of one given in an earlier state does not count. */
export type Pass = object

/**
 * Stops work that keeps failing, then tries it carefully. One instance may be shared by several handlers.
 * While it is open a router takes nothing in: no spinning, no nack.
 */
export class Breaker {
  readonly #clock: Clock
  readonly #options: Required<Omit<BreakerOptions, 'onChange'>> & Pick<BreakerOptions, 'onChange'>
  readonly #waiting = new Set<() => void>()
  #state: State
  #timer: Timer | undefined

  /** @throws BAD_OPTION */
  constructor(options: BreakerOptions = {}, clock: Clock = systemClock) {
    known('breaker', options, OPTIONS)
    for (const name of ['trip', 'failure', 'onChange'] as const) callable(`breaker.${name}`, options[name])
    const { failures = 5, interval = Infinity, cooldown = 10_000, probes = 1, failure = () => true, onChange } = options
    const { trip = counts => counts.failuresInARow >= failures } = options
    whole('breaker.failures', failures, 1, 1_000_000)
    whole('breaker.probes', probes, 1, 100_000)
    milliseconds('breaker.interval', interval, 1, Infinity)
    milliseconds('breaker.cooldown', cooldown, 1, 86_400_000)
    this.#clock = clock
    this.#options = { failures, trip, interval, cooldown, probes, failure, ...(onChange && { onChange }) }
    this.#state = { is: 'closed', counts: zero(), since: clock.now() }
  }

  get state(): BreakerState {
    this.#look()
    return this.#state.is
  }

  /** Whether an attempt would be let through now. */
  get ready(): boolean {
    if (this.#state.is === 'closed') return true
    this.#look()
    return this.#state.is === 'half-open' && this.#room(this.#state)
  }

  /** Calls once, as soon as an attempt may be let through: not before this returns. Returns what takes that back. */
  whenReady(run: () => void): () => void {
    this.#waiting.add(run)
    this.#arm()
    return () => {
      this.#waiting.delete(run)
      if (this.#waiting.size > 0) return
      this.#timer?.cancel()
      this.#timer = undefined
    }
  }

  /** A pass for one attempt, whose result must be told. Undefined: it is open, or half open with its probes under way. */
  tryEnter(): Pass | undefined {
    this.#look()
    const state = this.#state
    switch (state.is) {
      case 'closed':
        return state
      case 'open':
        return undefined
      case 'half-open':
        if (!this.#room(state)) return undefined
        state.running++
        return state
    }
  }

  succeeded(pass: Pass): void {
    const state = this.#state
    if (state !== pass || state.is === 'open') return
    const { counts } = state
    counts.attempts++
    counts.successes++
    counts.successesInARow++
    counts.failuresInARow = 0
    if (state.is === 'closed') return
    state.running--
    if (counts.successesInARow >= this.#options.probes)
      this.#become({ is: 'closed', counts: zero(), since: this.#clock.now() })
    else this.#wake()
  }

  failed(pass: Pass, error: unknown): void {
    if (!agreed(() => this.#options.failure(asError(error)))) return this.succeeded(pass)
    const state = this.#state
    if (state !== pass || state.is === 'open') return
    const { counts } = state
    counts.attempts++
    counts.failures++
    counts.failuresInARow++
    counts.successesInARow = 0
    if (state.is === 'half-open' || agreed(() => this.#options.trip(counts)))
      this.#become({ is: 'open', until: this.#clock.now() + this.#options.cooldown })
  }

  /** The attempt had no result: it was given up before it began. */
  abandoned(pass: Pass): void {
    const state = this.#state
    if (state !== pass || state.is !== 'half-open') return
    state.running--
    this.#wake()
  }

  /** Time alone may have changed the state. */
  #look(): void {
    const state = this.#state
    if (state.is === 'open') {
      const left = state.until - this.#clock.now()
      // Further off than it ever was: the clock was set back.
      if (left <= 0 || left > this.#options.cooldown) this.#become({ is: 'half-open', counts: zero(), running: 0 })
    } else if (state.is === 'closed' && this.#options.interval !== Infinity) {
      const now = this.#clock.now()
      // The state object stays: passes of the same closed state go on counting.
      if (now - state.since >= this.#options.interval) {
        Object.assign(state.counts, zero())
        state.since = now
      }
    }
  }

  #room(state: State & { is: 'half-open' }): boolean {
    return state.running + state.counts.successesInARow < this.#options.probes
  }

  #become(next: State): void {
    const from = this.#state.is
    this.#state = next
    this.#timer?.cancel()
    this.#timer = undefined
    agreed(() => this.#options.onChange?.(from, next.is))
    this.#wake()
    this.#arm()
  }

  #arm(): void {
    if (this.#waiting.size === 0 || this.#timer) return
    const state = this.#state
    if (state.is === 'closed' || (state.is === 'half-open' && this.#room(state)))
      this.#timer = this.#clock.after(0, () => {
        this.#timer = undefined
        this.#wake()
      })
    else if (state.is === 'open')
      this.#timer = this.#clock.after(Math.max(0, state.until - this.#clock.now()), () => {
        this.#timer = undefined
        this.#look()
        this.#wake()
        this.#arm()
      })
    // Half open with its probes under way: their results wake those who wait.
  }

  /** Wakes everyone as long as there is room; who finds it taken waits again. */
  #wake(): void {
    if (this.#waiting.size === 0 || !this.ready) return
    const all = [...this.#waiting]
    this.#waiting.clear()
    for (const run of all) run()
  }
}

/**
 * Fails an attempt with BREAKER_OPEN, untried, while the breaker is open. A router gives such a delivery back instead of
 * nacking it. Give it to a handler as its `breaker` and the handler's intake pauses as well. @throws BAD_OPTION
 */
export function breaker<C extends Attempt = Context>(options: BreakerOptions | Breaker = {}): Middleware<C> {
  let shared = options instanceof Breaker ? options : undefined
  if (!shared) new Breaker(options as BreakerOptions) // so that a wrong option is told now and not at the first message
  return next => (value, context) => {
    const fuse = (shared ??= new Breaker(options as BreakerOptions, context.clock))
    const pass = fuse.tryEnter()
    if (pass === undefined)
      throw new MillraceError('BREAKER_OPEN', `the breaker of handler '${context.handler}' is open`)
    let result: unknown
    try {
      result = next(value, context)
    } catch (error) {
      fuse.failed(pass, error)
      throw error
    }
    if (!isThenable(result)) {
      fuse.succeeded(pass)
      return result
    }
    return result.then(
      value => {
        fuse.succeeded(pass)
        return value
      },
      (error: unknown) => {
        fuse.failed(pass, error)
        throw error
      },
    )
  }
}

/** What a hook says. One that throws says yes and is reported as a warning: it must not leave the breaker half way. */
function agreed(hook: () => boolean | void): boolean {
  try {
    return hook() ?? true
  } catch (error) {
    warn("a breaker's hook threw", error)
    return true
  }
}

function zero(): Counts {
  return { attempts: 0, successes: 0, failures: 0, successesInARow: 0, failuresInARow: 0 }
}
