import { Ring } from './ring.ts'

type Lane<T> = {
  /** One of the key is being handled; or it failed and the key is kept for it until it is back. */
  state: { readonly is: 'busy' } | { readonly is: 'held'; readonly token: unknown }
  /** Those behind it that were delivered before, which go first; made when there is one. */
  early: Ring<T> | undefined
  /** The others behind it; made when there is one. */
  queue: Ring<T> | undefined
}

const BUSY = { is: 'busy' } as const

/**
 * Parallel across keys, one at a time for each key, in the order of entering; a failed one keeps its key closed until it
 * is back, so that order holds through redelivery. Pure: it holds items, it runs nothing.
 */
export class KeyGate<T> {
  readonly #lanes = new Map<string, Lane<T>>()
  readonly #held = new Map<unknown, string>()
  #waiting = 0

  /** How many items wait behind another one of their key. */
  get waiting(): number {
    return this.#waiting
  }

  /** How many keys are closed: one of theirs is being handled or is expected back. */
  get keys(): number {
    return this.#lanes.size
  }

  /** The key that is kept for this token, where one is. */
  keyOf(token: unknown): string | undefined {
    return this.#held.get(token)
  }

  /**
   * True: it may be handled now, and `leave` or `hold` must follow. False: it waits here and will come out of `leave`.
   * What a key is held for (the same token) goes before all that wait; then those that are `early`, then the others.
   */
  enter(key: string, item: T, token: unknown, early = false): boolean {
    const lane = this.#lanes.get(key)
    if (lane === undefined) {
      this.#lanes.set(key, { state: BUSY, early: undefined, queue: undefined })
      return true
    }
    if (lane.state.is === 'held' && lane.state.token === token) {
      this.#held.delete(token)
      lane.state = BUSY
      return true
    }
    if (early) (lane.early ??= new Ring<T>()).push(item)
    else (lane.queue ??= new Ring<T>()).push(item)
    this.#waiting++
    return false
  }

  /** Done with the key's present one. Returns the next one of the key, which may be handled now; else the key is open. */
  leave(key: string): T | undefined {
    const lane = this.#lanes.get(key)
    if (lane === undefined || lane.state.is === 'held') return undefined
    return this.#next(key, lane)
  }

  /** The key's present one failed and will come again with this token: nothing of the key passes until then. */
  hold(key: string, token: unknown): void {
    const lane = this.#lanes.get(key)
    if (lane === undefined || lane.state.is === 'held') return
    lane.state = { is: 'held', token }
    this.#held.set(token, key)
  }

  /**
   * Those that keys are held for, all or the ones whose token it applies to, will not come back as they were. Opens the
   * keys; returns what may be handled now, the first of each key that had any.
   */
  reopen(which: (token: unknown) => boolean = () => true): { readonly key: string; readonly item: T }[] {
    const free: { key: string; item: T }[] = []
    for (const [token, key] of this.#held) {
      if (!which(token)) continue
      this.#held.delete(token)
      const lane = this.#lanes.get(key)
      if (lane === undefined) continue
      lane.state = BUSY
      const next = this.#next(key, lane)
      if (next !== undefined) free.push({ key, item: next })
    }
    return free
  }

  /** Takes out the waiting items that it applies to, all by default, in the order of their keys. */
  take(which: (item: T) => boolean = () => true): T[] {
    const taken: T[] = []
    for (const { early, queue } of this.#lanes.values())
      for (const line of [early, queue])
        for (let left = line?.size ?? 0; left > 0; left--) {
          const item = line?.shift() as T // left > 0, so there is one
          if (which(item)) taken.push(item)
          else line?.push(item)
        }
    this.#waiting -= taken.length
    return taken
  }

  #next(key: string, lane: Lane<T>): T | undefined {
    const next = lane.early?.shift() ?? lane.queue?.shift()
    if (next === undefined) this.#lanes.delete(key)
    else this.#waiting--
    return next
  }
}
