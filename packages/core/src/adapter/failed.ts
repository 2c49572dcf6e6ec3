import type { NackOptions, RejectOptions } from '../contract.ts'
import { MillraceError } from '../errors.ts'
import type { HandedDelivery } from './delivery.ts'
import type { Driver } from './driver.ts'
import type { HoldBack } from './hold-back.ts'
import type { InHand } from './in-hand.ts'
import type { Mortuary } from './mortuary.ts'
import { unsupported } from './options.ts'
import type { SubscribePlan } from './options.ts'
import type { Outbox } from './outbox.ts'

export interface FailedOptions {
  readonly driver: Driver
  readonly plan: SubscribePlan
  readonly inHand: InHand
  readonly outbox: Outbox
  readonly holdBack: HoldBack
  readonly mortuary: Mortuary
  /** No new attempt is to begin in this process. */
  readonly draining: () => boolean
  /** Something that was in hand is no longer. */
  readonly less: () => void
  /** A dead letter was not accepted. */
  readonly refused: (error: Error) => void
}

/** What becomes of a delivery that failed: another attempt, here or with the broker, or its grave. */
export class Failed {
  readonly #options: FailedOptions

  constructor(options: FailedOptions) {
    this.#options = options
  }

  /** @throws UNSUPPORTED, DELAY_TOO_LONG, and nothing has become of it */
  nacked(delivery: HandedDelivery, options: NackOptions): void {
    const { driver, plan, mortuary } = this.#options
    const { attempt } = delivery
    const { nackDelay } = driver.capabilities
    const { delay } = options
    if (delay !== undefined && delay > 0 && nackDelay === false) throw unsupported(driver.name, 'a delayed nack')
    const most = nackDelay ? nackDelay.max : Infinity
    if (delay !== undefined && delay > most)
      throw new MillraceError('DELAY_TOO_LONG', `nack: ${driver.name} can delay by ${most} ms at most`)
    if (attempt >= plan.maxDeliveries) {
      this.bury(delivery, options.error)
      return
    }
    mortuary.note(delivery, options.error)
    this.#again(delivery, delay ?? Math.min(most, plan.backoff(attempt)))
  }

  /** @throws NO_DEAD_LETTER, and nothing has become of it */
  rejected(delivery: HandedDelivery, options: RejectOptions): void {
    if (this.#options.mortuary.target(delivery.topic) === undefined)
      throw new MillraceError(
        'NO_DEAD_LETTER',
        'reject: without a group a subscription has no dead-letter topic; name one with deadLetter, or false to discard',
      )
    this.bury(delivery, options.error ?? options.reason)
  }

  bury(delivery: HandedDelivery, error: unknown): void {
    const { plan, inHand, outbox, mortuary, less, refused } = this.#options
    inHand.remove(delivery)
    mortuary.bury(delivery, error, failure => {
      if (failure === undefined) outbox.add(delivery)
      else {
        refused(failure)
        this.#again(delivery, plan.backoff(Math.min(delivery.attempt, 10)))
      }
      less()
    })
  }

  #again(delivery: HandedDelivery, delay: number): void {
    const { plan, inHand, outbox, holdBack, draining, less } = this.#options
    inHand.remove(delivery)
    if (plan.redelivery === 'process' && !draining()) {
      delivery.decide('hold', delay)
      holdBack.hold(delivery, delay)
    } else delivery.decide('nack', delay)
    outbox.add(delivery)
    less()
  }
}
