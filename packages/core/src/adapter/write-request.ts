import type { PublishOptions } from '../contract.ts'
import type { Clock, Timer } from '../clock/clock.ts'
import { MillraceError } from '../errors.ts'
import { aborted } from './abort.ts'
import type { WriteOptions } from './driver.ts'

/**
 * One publish's options as the driver sees them. Its signal, and the timer behind it, are made when first asked for:
 * a driver that answers at once costs neither.
 */
export class WriteRequest implements WriteOptions {
  readonly notBefore?: number
  readonly expires?: number
  readonly priority?: number
  readonly dedupeId?: string
  readonly #clock: Clock
  readonly #timeout: number
  readonly #caller: AbortSignal | undefined
  #abort: AbortController | undefined
  #timer: Timer | undefined
  #onAbort: (() => void) | undefined

  constructor(clock: Clock, options: PublishOptions | undefined) {
    this.#clock = clock
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
      const abort = (this.#abort = new AbortController())
      const timeout = this.#timeout
      this.#timer = this.#clock.after(timeout, () =>
        abort.abort(new MillraceError('TIMEOUT', `publish: not accepted within ${timeout} ms`)),
      )
      const caller = this.#caller
      if (caller) {
        this.#onAbort = () => abort.abort(aborted(caller, 'publish'))
        if (caller.aborted) this.#onAbort()
        else caller.addEventListener('abort', this.#onAbort, { once: true })
      }
    }
    return this.#abort.signal
  }

  /** The publish has ended: frees the timer and the listener. */
  end(): void {
    this.#timer?.cancel()
    if (this.#onAbort) this.#caller?.removeEventListener('abort', this.#onAbort)
  }
}
