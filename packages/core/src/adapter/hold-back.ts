import type { Clock } from '../clock/clock.ts'
import { Schedule } from '../clock/schedule.ts'
import type { Scheduled } from '../clock/schedule.ts'
import type { HandedDelivery } from './delivery.ts'

/** Failed deliveries that wait in this process for their next attempt while others pass them. */
export class HoldBack {
  readonly #clock: Clock
  readonly #schedule: Schedule
  readonly #held = new Map<HandedDelivery, Scheduled>()
  readonly #due: (delivery: HandedDelivery) => void

  constructor(clock: Clock, due: (delivery: HandedDelivery) => void) {
    this.#clock = clock
    this.#schedule = new Schedule(clock)
    this.#due = due
  }

  get size(): number {
    return this.#held.size
  }

  /** Holds it for `delay` ms, then tells. */
  hold(delivery: HandedDelivery, delay: number): void {
    const scheduled = this.#schedule.add(this.#clock.now() + delay, () => {
      this.#held.delete(delivery)
      this.#due(delivery)
    })
    this.#held.set(delivery, scheduled)
  }

  /** Lets go of those it applies to, all by default, and returns them. */
  take(which: (delivery: HandedDelivery) => boolean = () => true): HandedDelivery[] {
    const taken: HandedDelivery[] = []
    for (const [delivery, scheduled] of this.#held) {
      if (!which(delivery)) continue
      scheduled.cancel()
      this.#held.delete(delivery)
      taken.push(delivery)
    }
    return taken
  }

  [Symbol.iterator](): Iterator<HandedDelivery> {
    return this.#held.keys()
  }
}
