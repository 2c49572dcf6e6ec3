import type { Delivery } from '../contract.ts'
import type { HandedDelivery } from './delivery.ts'
import type { Inbox, Waiter } from './inbox.ts'
import { Turn } from './turn.ts'

export interface EachOptions {
  readonly handler: (delivery: Delivery) => void | Promise<void>
  readonly signal: AbortSignal | undefined
  readonly inbox: Inbox
  /** The next delivery, not in hand; undefined where there is none to be had so. */
  readonly lent: () => HandedDelivery | undefined
}

/**
 * One delivery after another. A handler that needs no waiting costs no promise, and its delivery is never booked as in
 * hand: by the time anybody could ask, it is settled.
 */
export function each(options: EachOptions): Promise<void> {
  return new Promise((resolve, reject) => new Loop(options, resolve, reject).start())
}

const NOW: Promise<void> = Promise.resolve()

/** The loop, written as a waiter of the inbox: waiting for the next delivery makes no promise either. */
class Loop implements Waiter {
  readonly #options: EachOptions
  readonly #turn = new Turn()
  readonly #resolve: () => void
  readonly #reject: (error: unknown) => void
  /** Came while the loop waited; or the handler is at work on it. */
  #delivery: HandedDelivery | undefined

  constructor(options: EachOptions, resolve: () => void, reject: (error: unknown) => void) {
    this.#options = options
    this.#resolve = resolve
    this.#reject = reject
  }

  start(): void {
    this.#options.signal?.addEventListener('abort', this.#aborted)
    this.#run()
  }

  /** A waiter's: never runs the handler in the publisher's turn. */
  take(delivery: HandedDelivery): void {
    this.#delivery = delivery
    void NOW.then(this.#run)
  }

  /** A waiter's: the subscription ended. */
  end(error: Error | undefined): void {
    this.#over()
    if (error) this.#reject(error)
    else this.#resolve()
  }

  readonly #run = (): void => {
    const { handler, signal, inbox, lent } = this.#options
    try {
      for (;;) {
        const waited = this.#delivery
        if (waited === undefined && signal?.aborted) return this.end(undefined)
        const given = waited === undefined && inbox.size === 0 ? lent() : undefined
        if (given !== undefined) {
          if (this.#handleLent(handler, given)) return
        } else {
          const delivery = waited ?? inbox.tryReceive()
          if (delivery === undefined) return inbox.wait(this)
          this.#delivery = undefined
          // One that is not open was lost before its turn came.
          if (delivery.open && this.#handle(handler, delivery)) return
        }
        if (this.#turn.spend(1)) return void setImmediate(this.#run)
      }
    } catch (error) {
      this.#over()
      this.#reject(error)
    }
  }

  /** One that is not in hand. True where the handler goes on: then the loop does too when it is done. */
  #handleLent(handler: EachOptions['handler'], lent: HandedDelivery): boolean {
    try {
      const result = handler(lent)
      if (result !== undefined) {
        lent.keep()
        return this.#await(result, lent)
      }
      lent.finish()
    } catch (error) {
      lent.keep()
      if (lent.open) lent.nack({ error })
    }
    return false
  }

  /** One that is in hand. */
  #handle(handler: EachOptions['handler'], delivery: HandedDelivery): boolean {
    try {
      const result = handler(delivery)
      if (result !== undefined) return this.#await(result, delivery)
      if (delivery.open) delivery.ack()
    } catch (error) {
      if (delivery.open) delivery.nack({ error })
    }
    return false
  }

  #await(result: void | Promise<void>, delivery: HandedDelivery): true {
    this.#delivery = delivery
    const promise = result instanceof Promise ? result : Promise.resolve(result)
    promise.then(this.#handled, this.#failed)
    return true
  }

  readonly #handled = (): void => this.#settled(delivery => delivery.ack())

  readonly #failed = (error: unknown): void => this.#settled(delivery => delivery.nack({ error }))

  #settled(settle: (delivery: HandedDelivery) => void): void {
    const delivery = this.#delivery! // the handler was at work on it
    this.#delivery = undefined
    try {
      if (delivery.open) settle(delivery)
    } catch (error) {
      this.#over()
      this.#reject(error)
      return
    }
    if (this.#turn.spend(1)) setImmediate(this.#run)
    else this.#run()
  }

  readonly #aborted = (): void => {
    if (this.#options.inbox.forget(this)) this.end(undefined)
  }

  #over(): void {
    this.#options.signal?.removeEventListener('abort', this.#aborted)
  }
}
