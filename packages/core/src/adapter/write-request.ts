import type { PublishOptions } from '../contract.ts'
import type { Clock } from '../clock/clock.ts'
import type { Schedule, Scheduled } from '../clock/schedule.ts'
import { MillraceError } from '../errors.ts'
import { aborted } from './abort.ts'
import type { WriteOptions } from './driver.ts'

/**
 * One publish's options as the driver sees them, and its end: the caller's abort or the time allowed. A driver that
 * answers at once costs no deadline, and one that does not ask for the signal costs no signal: all deadlines share one
 * timer.
 */
export class WriteRequest implements WriteOptions {
  readonly notBefore?: number
  readonly expires?: number
  readonly priority?: number
  readonly dedupeId?: string
  readonly #clock: Clock
  readonly #deadlines: Schedule
  readonly #timeout: number
  readonly #caller: AbortSignal | undefined
  #state: 'idle' | 'watched' | 'ended' = 'idle'
  #reason: MillraceError | undefined
  #abort: AbortController | undefined
  #deadline: Scheduled | undefined
  #onAbort: (() => void) | undefined
  #listener: ((reason: MillraceError) => void) | undefined

  constructor(clock: Clock, deadlines: Schedule, options: PublishOptions | undefined) {
    this.#clock = clock
    this.#deadlines = deadlines
    this.#timeout = options?.timeout ?? 30_000
    this.#caller = options?.signal
    if (options === undefined) return
    const { delay, ttl, priority, dedupeId } = options
    if (delay !== undefined) this.notBefore = typeof delay === 'number' ? clock.now() + delay : delay.getTime()
    if (ttl !== undefined) this.expires = clock.now() + ttl
    if (priority !== undefined && priority > 0) this.priority = priority
    if (dedupeId !== undefined) this.dedupeId = dedupeId
  }

  get signal(): AbortSignal {
    if (!this.#abort) {
      this.#abort = new AbortController()
      this.#watch()
      if (this.#reason) this.#abort.abort(this.#reason)
    }
    return this.#abort.signal
  }

  /** Nobody has asked for its end: the next publish without options may have it. */
  get idle(): boolean {
    return this.#state === 'idle'
  }

  /** Whether it was aborted or took too long. */
  get over(): boolean {
    return this.#reason !== undefined
  }

  /** Tells, once, when it is aborted or takes too long; at once where that has happened. One listener at a time. */
  onOver(listener: (reason: MillraceError) => void): void {
    this.#listener = listener
    this.#watch()
    if (this.#reason) listener(this.#reason)
  }

  /** The publish has ended: frees the deadline and the listener. False where it had ended before. */
  end(): boolean {
    if (this.#state === 'ended') return false
    this.#state = 'ended'
    this.#listener = undefined
    this.#deadline?.cancel()
    if (this.#onAbort) this.#caller?.removeEventListener('abort', this.#onAbort)
    return true
  }

  #watch(): void {
    if (this.#state !== 'idle') return
    this.#state = 'watched'
    const timeout = this.#timeout
    this.#deadline = this.#deadlines.add(this.#clock.now() + timeout, () =>
      this.#fail(new MillraceError('TIMEOUT', `publish: not accepted within ${timeout} ms`)),
    )
    const caller = this.#caller
    if (!caller) return
    this.#onAbort = () => this.#fail(aborted(caller, 'publish'))
    if (caller.aborted) this.#onAbort()
    else caller.addEventListener('abort', this.#onAbort, { once: true })
  }

  #fail(reason: MillraceError): void {
    if (this.#reason) return
    this.#reason = reason
    this.#abort?.abort(reason)
    this.#listener?.(reason)
  }
}
