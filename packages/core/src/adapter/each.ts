import type { Delivery } from '../contract.ts'
import type { HandedDelivery } from './delivery.ts'
import type { Inbox, Waiter } from './inbox.ts'
import { Turn } from './turn.ts'

export interface EachOptions {
  readonly handler: (delivery: Delivery) => void | Promise<void>
  readonly signal: AbortSignal | undefined
  readonly inbox: Inbox
  /** The next delivery of a pulled source, not yet in hand. */
  readonly take: () => HandedDelivery | undefined
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
    const { handler, signal, inbox, take } = this.#options
    try {
      for (;;) {
        let delivery = this.#delivery
        let bare: HandedDelivery | undefined
        if (delivery === undefined) {
          if (signal?.aborted) return this.end(undefined)
          bare = inbox.size === 0 ? take() : undefined
          delivery = bare ?? inbox.tryReceive()
          if (delivery === undefined) return inbox.wait(this)
        } else {
          this.#delivery = undefined
          if (!delivery.open) continue // lost before its turn came
        }
        if (this.#handle(handler, delivery, bare)) return
        if (this.#turn.spend(1)) return void setImmediate(this.#run)
      }
    } catch (error) {
      this.#over()
      this.#reject(error)
    }
  }

  /** True where the handler goes on: then the loop does too when it is done. */
  #handle(handler: EachOptions['handler'], delivery: HandedDelivery, bare: HandedDelivery | undefined): boolean {
    try {
      const result = handler(delivery)
      if (result === undefined) {
        if (bare) bare.finish()
        else if (delivery.open) delivery.ack()
        return false
      }
      bare?.keep()
      this.#delivery = delivery
      const promise = result instanceof Promise ? result : Promise.resolve(result)
      promise.then(this.#handled, this.#failed)
      return true
    } catch (error) {
      bare?.keep()
      if (delivery.open) delivery.nack({ error })
      return false
    }
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
