import type { Clock, Timer } from './clock.ts'

/** setTimeout fires at once beyond this; longer waits are made of several. */
const LONGEST = 2_147_483_647

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(delay, run, options): Timer {
    let left = Math.max(0, delay)
    let alive = !options?.background
    let handle: NodeJS.Timeout
    const arm = (): void => {
      const step = Math.min(left, LONGEST)
      left -= step
      handle = setTimeout(() => (left > 0 ? arm() : run()), step)
      if (!alive) handle.unref()
    }
    arm()
    return {
      cancel: () => clearTimeout(handle),
      hold(wanted) {
        alive = wanted
        if (alive) handle.ref()
        else handle.unref()
      },
    }
  },
}
