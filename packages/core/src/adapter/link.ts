import type { Clock } from '../clock/clock.ts'
import { asError, isMillraceError, MillraceError } from '../errors.ts'
import { orAborted, pause } from './abort.ts'
import type { Backoff } from './backoff.ts'
import type { Driver } from './driver.ts'

type State =
  | { readonly is: 'idle' }
  | { readonly is: 'up' }
  | { readonly is: 'opening'; readonly done: Promise<void> }
  | { readonly is: 'closed' }

/**
 * The connection as core sees it: opened at first use, opened again with backoff whenever it is found to be down.
 * However many wait for it, one attempt runs at a time.
 */
export class Link {
  readonly #driver: Driver
  readonly #clock: Clock
  readonly #backoff: Backoff
  readonly #life = new AbortController()
  #state: State
  #wasUp = false
  lastError: Error | undefined

  constructor(driver: Driver, clock: Clock, backoff: Backoff, ready: boolean) {
    this.#driver = driver
    this.#clock = clock
    this.#backoff = backoff
    this.#state = ready ? { is: 'up' } : { is: 'idle' }
  }

  get up(): boolean {
    return this.#state.is === 'up'
  }

  get health(): 'idle' | 'opening' | 'up' | 'down' | 'closed' {
    const { is } = this.#state
    return this.#wasUp && (is === 'opening' || is === 'idle') ? 'down' : is
  }

  /** Aborts when the broker closes: for the driver's own waits. */
  get signal(): AbortSignal {
    return this.#life.signal
  }

  /** Somebody found the connection broken. */
  broken(error: Error): void {
    this.lastError = error
    if (this.#state.is === 'up') this.#state = { is: 'idle' }
  }

  /** The same, and nobody need ask before it is opened again. */
  lost(error: Error): void {
    if (this.#state.is !== 'up') return
    this.broken(error)
    this.ready().catch(() => undefined) // told by `health`, and to whoever asks
  }

  /** Resolves when the connection is up. Rejects with what trying again cannot mend, at an abort, and with CLOSED. */
  ready(signal?: AbortSignal): Promise<void> {
    switch (this.#state.is) {
      case 'up':
        return Promise.resolve()
      case 'closed':
        return Promise.reject(new MillraceError('CLOSED', `${this.#driver.name}: the broker is closed`))
      case 'opening':
        return orAborted(this.#state.done, signal, 'waiting for the connection')
      case 'idle': {
        const done = this.#open()
        this.#state = { is: 'opening', done }
        done.catch(() => undefined) // whoever waits sees it
        return orAborted(done, signal, 'waiting for the connection')
      }
    }
  }

  /** The end of a wait, with what keeps the connection away where that is what it waited for. */
  explained(error: Error): Error {
    const why = this.lastError
    const ended = isMillraceError(error, 'TIMEOUT') || isMillraceError(error, 'ABORTED')
    if (this.up || !why || !ended || error === why) return error
    return new MillraceError(error.code, `${error.message}; ${why.message}`, { cause: error.cause ?? why })
  }

  close(): void {
    this.#state = { is: 'closed' }
    this.#life.abort(new MillraceError('CLOSED', `${this.#driver.name}: the broker is closed`))
  }

  async #open(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#driver.open(this.#life.signal)
        if (this.#life.signal.aborted) throw this.#life.signal.reason
        this.#state = { is: 'up' }
        this.#wasUp = true
        return
      } catch (error) {
        const closed = this.#life.signal.aborted
        this.lastError = asError(error)
        if (closed || !mendable(error)) {
          if (!closed) this.#state = { is: 'idle' }
          throw closed ? this.#life.signal.reason : error
        }
        await pause(this.#clock, this.#backoff(attempt), this.#life.signal)
        if (this.#life.signal.aborted) throw this.#life.signal.reason
      }
    }
  }
}

/** Whether opening again may help: yes, unless the error's code says no. What has no code is taken for a broken link. */
export function mendable(error: unknown): boolean {
  return !isMillraceError(error) || error.code === 'DISCONNECTED' || error.code === 'TIMEOUT'
}
