/** How `inTurns` works things off. */
export interface Turns<T> {
  /** How many in one turn of the event loop. */
  readonly most: number
  /** Asked in each turn: while it is so, there is one each two milliseconds, whatever the turns. */
  readonly crowded?: (() => boolean) | undefined
  /** For what comes when `MOST_WAITING` wait already. */
  readonly refuse: (item: T) => void
}

/**
 * A handler that works off what it is given a few at a time, and the rest in later turns of the event loop, in order: the
 * kernel hands out all the connections that wait at once, and a flood of them would keep everyone else waiting.
 */
export function inTurns<T>(handle: (item: T) => void, { most, crowded, refuse }: Turns<T>): (item: T) => void {
  const waiting: T[] = []
  let left = most
  let resting = false
  const slow = (): boolean => crowded?.() === true
  const schedule = (): void => {
    if (slow()) setTimeout(rest, CROWDED_PACE)
    else setImmediate(rest)
  }
  const rest = (): void => {
    const now = slow() ? 1 : most
    const items = waiting.splice(0, now)
    left = now - items.length
    resting = items.length > 0
    if (resting) schedule()
    for (const item of items) handle(item)
  }
  return item => {
    if (!resting) {
      resting = true
      left = slow() ? 1 : most
      schedule()
    }
    if (left > 0) {
      left--
      handle(item)
    } else if (waiting.length < MOST_WAITING) {
      waiting.push(item)
    } else {
      refuse(item)
    }
  }
}

/** Milliseconds. */
const CROWDED_PACE = 2
/** Each holds a connection's memory in the kernel and here. */
export const MOST_WAITING = 1000
