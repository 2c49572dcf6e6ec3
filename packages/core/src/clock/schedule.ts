import type { Clock, Timer } from './clock.ts'

/** Something that is to happen at a moment. */
export interface Scheduled {
  /** Takes it back. Safe twice and after it ran. */
  cancel(): void
}

/** How a schedule keeps its timer. */
export interface ScheduleOptions {
  /** Its timer does not keep the process alive. Default false. */
  readonly background?: boolean
  /**
   * Nearly everything is taken back before its moment: the timer stays where it is and wakes in vain now and then, which
   * is cheaper than moving it each time. While nothing waits it does not keep the process alive; whoever makes such a
   * schedule calls `close`. Where the clock's timers cannot `hold`, it is as without. Default false.
   */
  readonly idles?: boolean
}

/**
 * Any number of moments on one timer: a binary heap by time, then by the order of adding.
 * What was cancelled stays in the heap until its moment or until it is more than half of it.
 */
export class Schedule {
  readonly #clock: Clock
  readonly #background: boolean
  #idles: boolean
  #heap: Item[] = []
  #added = 0
  #cancelled = 0
  #timer: Timer | undefined
  #wakesAt = Infinity
  /** Whether the timer keeps the process alive. */
  #holds = false

  constructor(clock: Clock, options: ScheduleOptions = {}) {
    this.#clock = clock
    this.#background = options.background ?? false
    this.#idles = options.idles ?? false
  }

  /** How many wait. */
  get size(): number {
    return this.#heap.length - this.#cancelled
  }

  /** How many it has a place for: those that wait and those taken back whose place is not yet free. */
  get kept(): number {
    return this.#heap.length
  }

  /** Calls `run` at the moment `at`, in ms since the epoch; at the next turn of the clock where that is past. */
  add(at: number, run: () => void): Scheduled {
    if (at === Infinity) return NEVER
    const item = new Item(this, at, this.#added++, run)
    this.#push(item)
    this.#arm()
    return item
  }

  /** Takes everything back. */
  clear(): void {
    for (const item of this.#heap) item.run = undefined // cancelled later, it counts no more
    this.#heap = []
    this.#cancelled = 0
    this.#arm()
  }

  /** Keeps no timer any more for which nothing waits. What waits still comes, and what is added. */
  close(): void {
    this.#idles = false
    this.#arm()
  }

  /** For its items: one was taken back. */
  cancelled(): void {
    if (++this.#cancelled === this.#heap.length) {
      this.#heap.length = 0
      this.#cancelled = 0
    } else if (this.#cancelled * 2 > this.#heap.length && this.#heap.length > 64) {
      const live = this.#heap.filter(item => item.run)
      this.#heap = []
      this.#cancelled = 0
      for (const item of live) this.#push(item)
    }
    this.#arm()
  }

  #arm(): void {
    const timer = this.#timer
    if (this.#idles && timer?.hold) {
      const first = this.#heap[0]
      if (first === undefined) {
        if (this.#holds) timer.hold((this.#holds = false))
        return
      }
      // A first that was cancelled is no later than the first that waits.
      if (first.at >= this.#wakesAt) {
        if (!this.#holds && !this.#background) timer.hold((this.#holds = true))
        return
      }
    }
    this.#rearm()
  }

  #rearm(): void {
    let first = this.#heap[0]
    while (first && !first.run) {
      this.#pop()
      this.#cancelled--
      first = this.#heap[0]
    }
    const at = first?.at ?? Infinity
    if (at === this.#wakesAt) return
    this.#timer?.cancel()
    this.#wakesAt = at
    this.#holds = at !== Infinity && !this.#background
    this.#timer =
      at === Infinity
        ? undefined
        : this.#clock.after(Math.max(0, at - this.#clock.now()), () => this.#fire(), { background: this.#background })
  }

  #fire(): void {
    this.#timer = undefined
    this.#wakesAt = Infinity
    this.#holds = false
    const now = this.#clock.now()
    for (let first = this.#heap[0]; first && (first.at <= now || !first.run); first = this.#heap[0]) {
      this.#pop()
      const run = first.run
      if (!run) this.#cancelled--
      first.run = undefined
      run?.()
    }
    this.#arm()
  }

  #push(item: Item): void {
    const heap = this.#heap
    let at = heap.length
    heap.push(item)
    while (at > 0) {
      const above = (at - 1) >> 1
      const parent = heap[above]! // above < at
      if (before(parent, item)) break
      heap[at] = parent
      at = above
    }
    heap[at] = item
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()
    if (!last || heap.length === 0) return
    let at = 0
    for (;;) {
      let below = 2 * at + 1
      if (below >= heap.length) break
      if (below + 1 < heap.length && before(heap[below + 1]!, heap[below]!)) below++ // both in bounds
      const child = heap[below]! // in bounds
      if (before(last, child)) break
      heap[at] = child
      at = below
    }
    heap[at] = last
  }
}

const NEVER: Scheduled = { cancel: () => undefined }

class Item implements Scheduled {
  readonly at: number
  readonly order: number
  /** Undefined when it is over or taken back. */
  run: (() => void) | undefined
  readonly #schedule: Schedule

  constructor(schedule: Schedule, at: number, order: number, run: () => void) {
    this.#schedule = schedule
    this.at = at
    this.order = order
    this.run = run
  }

  cancel(): void {
    if (!this.run) return
    this.run = undefined
    this.#schedule.cancelled()
  }
}

function before(a: Item, b: Item): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order)
}
