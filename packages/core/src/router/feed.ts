import { backoff } from '../adapter/backoff.ts'
import type { Clock } from '../clock/clock.ts'
import type { Closed, Message, Subscription } from '../contract.ts'
import { asError, CODES, isMillraceError, MillraceError } from '../errors.ts'
import type { Logger } from '../logger.ts'
import { sleep } from '../policy/sleep.ts'
import { telemetry } from '../telemetry.ts'
import type { Plan } from './spec.ts'

export interface FeedOptions {
  readonly plan: Plan
  readonly clock: Clock
  readonly logger: Logger
  /** Called with each subscription, the first included, and again after a receive that failed. */
  readonly ready: (subscription: Subscription) => void
  /** What was in hand may be lost: the subscription says which messages, or it is over. */
  readonly lost: (which?: ReadonlySet<Message>) => void
  /** It is over for good: the broker is closed. */
  readonly ended: (error: Error) => void
}

type State =
  | { readonly is: 'waiting' }
  | { readonly is: 'up'; readonly subscription: Subscription }
  | { readonly is: 'closed'; readonly subscription: Subscription | undefined; readonly done: Promise<Closed> }

/** The waits between tries after a failure, in ms. What comes back and fails at once does not begin anew. */
const BACKOFF = { base: 100, max: 30_000 } as const

/** A handler's subscription, kept alive: one that ends is made again, with backoff, until the feed is closed. */
export class Feed {
  readonly #options: FeedOptions
  readonly #life = new AbortController()
  readonly #wait = backoff(BACKOFF)
  #state: State = { is: 'waiting' }
  #failures = 0

  constructor(options: FeedOptions) {
    this.#options = options
  }

  /** Subscribes. What trying again cannot mend rejects; the rest is tried again. Rejects CLOSED when closed meanwhile. */
  async start(): Promise<void> {
    await this.#subscribe(error => !isMillraceError(error) || !CODES[error.code].retry)
  }

  /** A delivery arrived: the next failure is a first one. */
  works(): void {
    this.#failures = 0
  }

  /** A receive failed. Where the subscription lives on, it is `ready` again after a wait; else it is made again anyway. */
  stumbled(subscription: Subscription, error: unknown): void {
    const delay = this.#wait(++this.#failures)
    const wake = (): void => {
      if (this.#state.is === 'up' && this.#state.subscription === subscription) this.#options.ready(subscription)
    }
    sleep(this.#options.clock, delay, this.#life.signal).then(wake, () => undefined)
    // A subscription that has ended tells the same story with its `closed`; a wait that failed alone is worth a line.
    if (!isMillraceError(error, 'CLOSED'))
      this.#options.logger.log('warn', 'a receive failed', { error: asError(error), delay })
  }

  /** Takes nothing more in, lets what is in hand settle, gives back the rest. Again with a shorter timeout: hurries. */
  close(timeout: number): Promise<Closed> {
    const state = this.#state
    if (state.is === 'closed') {
      void state.subscription?.close({ timeout })
      return state.done
    }
    const subscription = state.is === 'up' ? state.subscription : undefined
    const done = subscription?.close({ timeout }) ?? Promise.resolve({ released: 0 })
    this.#state = { is: 'closed', subscription, done }
    if (!subscription) this.cut()
    return done
  }

  /** Gives back at once what is still in hand. */
  cut(): void {
    this.#life.abort(new MillraceError('CLOSED', `handler '${this.#options.plan.name}' was stopped`))
  }

  async #subscribe(final: (error: Error) => boolean): Promise<void> {
    const { plan, clock } = this.#options
    const { signal } = this.#life
    for (;;) {
      try {
        const subscription = await plan.subscriber.subscribe(plan.input, { ...plan.subscribe, signal })
        if (this.#state.is === 'closed') {
          await subscription.close({ timeout: 0 })
          throw closed(plan.name)
        }
        this.#up(subscription)
        return
      } catch (thrown) {
        if (this.#state.is === 'closed') throw closed(plan.name)
        const error = asError(thrown)
        if (final(error)) throw error
        const delay = this.#wait(++this.#failures)
        this.#tell(error, delay)
        await sleep(clock, delay, signal)
      }
    }
  }

  #up(subscription: Subscription): void {
    this.#state = { is: 'up', subscription }
    const { lost, ready } = this.#options
    subscription.on('lost', ({ deliveries }) => lost(deliveries && new Set(deliveries.map(({ message }) => message))))
    subscription.closed.then(error => this.#over(subscription, error)).catch(() => undefined)
    ready(subscription)
  }

  async #over(subscription: Subscription, error: Error | undefined): Promise<void> {
    if (this.#state.is !== 'up' || this.#state.subscription !== subscription) return
    this.#state = { is: 'waiting' }
    this.#options.lost()
    const delay = this.#wait(++this.#failures)
    this.#tell(error ?? closed(this.#options.plan.name), delay)
    try {
      await sleep(this.#options.clock, delay, this.#life.signal)
      await this.#subscribe(failure => isMillraceError(failure, 'CLOSED'))
    } catch (failure) {
      // An abort means that we are being closed; anything else is the end.
      if (!this.#life.signal.aborted) this.#options.ended(asError(failure))
    }
  }

  #tell(error: Error, delay: number): void {
    const { plan, logger } = this.#options
    logger.log('warn', 'the subscription is not there; will subscribe again', { error, delay })
    if (telemetry.handler.hasSubscribers)
      telemetry.handler.publish({ handler: plan.name, what: 'resubscribing', delay, error })
  }
}

function closed(handler: string): MillraceError {
  return new MillraceError('CLOSED', `the subscription of handler '${handler}' was closed`)
}
