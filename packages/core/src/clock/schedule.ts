import type { Clock, Timer } from './clock.ts'

/** Something that is to happen at a moment. */
export interface Scheduled {
  /** Takes it back. Safe twice and after it ran. */
  cancel(): void
}

interface Item extends Scheduled {
  readonly at: number
  readonly order: number
  run: (() => void) | undefined
}

/**
 * Any number of moments on one timer: a binary heap by time, then by the order of adding.
 * What was cancelled stays in the heap until its moment or until it is more than half of it.
 */
export class Schedule {
  readonly #clock: Clock
  readonly #background: boolean
  #heap: Item[] = []
  #added = 0
  #cancelled = 0
  #timer: Timer | undefined
  #wakesAt = Infinity

  constructor(clock: Clock, options: { background?: boolean } = {}) {
    this.#clock = clock
    this.#background = options.background ?? false
  }

  /** How many wait. */
  get size(): number {
    return this.#heap.length - this.#cancelled
  }

  /** Calls `run` at the moment `at`, in ms since the epoch; at the next turn of the clock where that is past. */
  add(at: number, run: () => void): Scheduled {
    const item: Item = {
      at,
      order: this.#added++,
      run,
      cancel: () => {
        if (!item.run) return
        item.run = undefined
        this.#cancelled++
        this.#tidy()
      },
    }
    this.#push(item)
    this.#arm()
    return item
  }

  /** Takes everything back. */
  clear(): void {
    this.#heap = []
    this.#cancelled = 0
    this.#arm()
  }

  #tidy(): void {
    if (this.#cancelled * 2 > this.#heap.length && this.#heap.length > 64) {
      const live = this.#heap.filter(item => item.run)
      this.#heap = []
      this.#cancelled = 0
      for (const item of live) this.#push(item)
    }
    this.#arm()
  }

  #arm(): void {
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
    this.#timer =
      at === Infinity
        ? undefined
        : this.#clock.after(Math.max(0, at - this.#clock.now()), () => this.#fire(), { background: this.#background })
  }

  #fire(): void {
    this.#timer = undefined
    this.#wakesAt = Infinity
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

function before(a: Item, b: Item): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order)
}
