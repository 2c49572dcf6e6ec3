import type { Clock } from '../clock/clock.ts'
import type { Delivery, Subscription } from '../contract.ts'
import type { Plan } from './spec.ts'
import { sleep } from '../policy/sleep.ts'
import type { Taking } from './taking.ts'

export interface BatchIntakeOptions {
  readonly plan: Plan
  readonly clock: Clock
  /** Does the work on a batch, settlements included. Never rejects. Resolves to ms to wait before the next one. */
  readonly work: (deliveries: readonly Delivery[]) => Promise<number>
  readonly works: () => void
  readonly stumbled: (subscription: Subscription, error: unknown) => void
}

/** Takes batches from a subscription as long as there are slots and the breaker and the throttle let them through. */
export class BatchIntake implements Taking {
  readonly #options: BatchIntakeOptions
  readonly #stopping = new AbortController()
  #busy = 0
  #slotFreed: (() => void) | undefined
  #emptied: (() => void) | undefined
  /** Taken in and not begun yet. */
  #inHand: readonly Delivery[] = []
  #pause = 0

  constructor(options: BatchIntakeOptions) {
    this.#options = options
  }

  /** Batches being worked on. */
  get busy(): number {
    return this.#busy
  }

  get waiting(): number {
    return this.#inHand.length
  }

  open(subscription: Subscription): void {
    if (this.#stopping.signal.aborted) return
    this.#loop(subscription).catch((error: unknown) => {
      if (!this.#stopping.signal.aborted) this.#options.stumbled(subscription, error)
    })
  }

  lost(): void {
    this.#inHand = this.#inHand.filter(({ signal }) => !signal.aborted)
  }

  stop(): number {
    this.#stopping.abort()
    const left = this.#inHand.filter(delivery => delivery.release()).length
    this.#inHand = []
    return left
  }

  empty(): Promise<void> {
    if (this.#busy === 0) return Promise.resolve()
    return new Promise(resolve => (this.#emptied = resolve))
  }

  async #loop(subscription: Subscription): Promise<void> {
    const { plan, works } = this.#options
    const { size, within } = plan.batch ?? { size: 1 }
    const options = { size, ...(within !== undefined && { within }) }
    const { signal } = this.#stopping
    await this.#room()
    for await (const deliveries of subscription.batches(options)) {
      this.#inHand = deliveries
      if (signal.aborted) {
        this.stop()
        return
      }
      works()
      await this.#room()
      const batch = this.#inHand
      this.#inHand = []
      if (signal.aborted) return
      if (batch.length > 0) this.#begin(batch)
      await this.#room() // so that nothing is taken in before there is somewhere to put it
    }
  }

  #begin(batch: readonly Delivery[]): void {
    this.#busy++
    void this.#options.work(batch).then(pause => {
      this.#busy--
      this.#pause = pause
      this.#slotFreed?.()
      if (this.#busy === 0) this.#emptied?.()
    })
  }

  /** Resolves when a batch may begin, or at the stop. */
  async #room(): Promise<void> {
    const { plan, clock } = this.#options
    const { signal } = this.#stopping
    const onStop = (run: () => void): void => signal.addEventListener('abort', run, { once: true })
    for (;;) {
      if (signal.aborted) return
      if (this.#busy >= plan.concurrency)
        await new Promise<void>(resolve => {
          this.#slotFreed = resolve
          onStop(resolve)
        })
      else if (this.#pause > 0) {
        const pause = this.#pause
        this.#pause = 0
        await sleep(clock, pause, signal).catch(() => undefined)
      } else if (plan.breaker && !plan.breaker.ready)
        await new Promise<void>(resolve => {
          const cancel = plan.breaker?.whenReady(resolve)
          onStop(() => {
            cancel?.()
            resolve()
          })
        })
      else if (plan.throttle && plan.throttle.delay > 0)
        await sleep(clock, plan.throttle.delay, signal).catch(() => undefined)
      else return
    }
  }
}
