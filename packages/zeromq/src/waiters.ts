import { ZmqError } from './errors.ts'
import type { Keeper } from './process-hold.ts'
import { Waiter } from './waiter.ts'

/** All who wait for the same to happen to a socket. */
export class Waiters {
  readonly #waiting = new Set<Waiter<void>>()
  readonly #keeper: Keeper | undefined
  readonly #busyPoll: () => number

  /** Without a `keeper` the process may end while somebody waits. `busyPoll`: what it is told of a new wait. */
  constructor(keeper?: Keeper, busyPoll: () => number = () => 0) {
    this.#keeper = keeper
    this.#busyPoll = busyPoll
  }

  get any(): boolean {
    return this.#waiting.size > 0
  }

  /** Resolves at the next `settle`; rejects with what `fail` says, or with the signal's reason. */
  wait(signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) return Promise.reject(signal.reason as Error)
    this.#keeper?.hold(this.#busyPoll())
    const waiter = new Waiter<void>(() => {
      this.#waiting.delete(waiter)
      this.#keeper?.release()
    })
    waiter.bound(-1, () => new ZmqError('EAGAIN'), signal)
    this.#waiting.add(waiter)
    return waiter.promise
  }

  settle(): void {
    for (const waiter of this.#waiting) waiter.settle()
  }

  fail(error: Error): void {
    for (const waiter of this.#waiting) waiter.fail(error)
  }
}
