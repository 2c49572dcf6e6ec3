import type { HandedDelivery } from './delivery.ts'

/** The deliveries that are not settled, oldest first: a list linked through the deliveries themselves. */
export class InHand {
  #oldest: HandedDelivery | undefined
  #newest: HandedDelivery | undefined
  #size = 0

  get size(): number {
    return this.#size
  }

  add(delivery: HandedDelivery): void {
    delivery.linked = true
    delivery.older = this.#newest
    if (this.#newest) this.#newest.newer = delivery
    else this.#oldest = delivery
    this.#newest = delivery
    this.#size++
  }

  /** False when it was not there. */
  remove(delivery: HandedDelivery): boolean {
    if (!delivery.linked) return false
    const { older, newer } = delivery
    if (older) older.newer = newer
    else this.#oldest = newer
    if (newer) newer.older = older
    else this.#newest = older
    delivery.linked = false
    delivery.older = delivery.newer = undefined
    this.#size--
    return true
  }

  /** Removes and returns all. */
  take(): HandedDelivery[] {
    const all = [...this]
    for (const delivery of all) this.remove(delivery)
    return all
  }

  *[Symbol.iterator](): Iterator<HandedDelivery> {
    for (let at = this.#oldest; at;) {
      const next: HandedDelivery | undefined = at.newer
      yield at
      at = next
    }
  }
}
