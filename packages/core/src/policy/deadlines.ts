import type { Clock, Timer } from '../clock/clock.ts'

/** Something that is over, or overdue. Made to be a field of what it bounds; the links are the list's. */
export interface Bounded {
  at: number
  before: Bounded | undefined
  after: Bounded | undefined
  overdue(): void
}

/**
 * Bounds of one and the same length, in the order they began, on one timer: adding and removing cost a few assignments
 * where a timer for each would cost more than the work it bounds.
 */
export class Deadlines {
  readonly #clock: Clock
  readonly #length: number
  #first: Bounded | undefined
  #last: Bounded | undefined
  #timer: Timer | undefined

  constructor(clock: Clock, length: number) {
    this.#clock = clock
    this.#length = length
  }

  add(item: Bounded): void {
    item.at = this.#clock.now() + this.#length
    item.before = this.#last
    if (this.#last) this.#last.after = item
    else this.#first = item
    this.#last = item
    this.#timer ??= this.#arm(this.#length)
  }

  /** It is over. Nothing where it already was. */
  remove(item: Bounded): void {
    const { before, after } = item
    if (before === undefined && after === undefined && this.#first !== item) return
    if (before) before.after = after
    else this.#first = after
    if (after) after.before = before
    else this.#last = before
    item.before = item.after = undefined
  }

  /** Cancels the timer where nothing is bounded any more. Else it is left armed, to be found when the next one begins. */
  rest(): void {
    if (this.#first !== undefined) return
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #arm(ms: number): Timer {
    return this.#clock.after(ms, () => this.#fire(), { background: true })
  }

  #fire(): void {
    this.#timer = undefined
    const now = this.#clock.now()
    for (let item = this.#first; item !== undefined && item.at <= now; item = this.#first) {
      this.remove(item)
      item.overdue()
    }
    if (this.#first) this.#timer ??= this.#arm(this.#first.at - now)
  }
}
