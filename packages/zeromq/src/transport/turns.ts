/**
 * A handler that works off what it is given at most `most` at a time, and the rest in later turns of the event loop, in order:
 * the kernel hands out all the connections that wait at once, and a flood of them would keep everyone else waiting.
 */
export function inTurns<T>(most: number, handle: (item: T) => void): (item: T) => void {
  const waiting: T[] = []
  let left = most
  let resting = false
  const rest = (): void => {
    const items = waiting.splice(0, most)
    left = most - items.length
    resting = items.length > 0
    if (resting) setImmediate(rest)
    for (const item of items) handle(item)
  }
  return item => {
    if (!resting) {
      resting = true
      setImmediate(rest)
    }
    if (left === 0) {
      waiting.push(item)
      return
    }
    left--
    handle(item)
  }
}
