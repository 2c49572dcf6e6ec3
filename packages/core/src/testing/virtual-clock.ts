import { milliseconds } from '../bounds.ts'
import type { Clock, Timer } from '../clock/clock.ts'

/** A clock that stands still until it is told to move. Timers run in order of their time, then of their making. */
export interface VirtualClock extends Clock {
  /** Moves time on by `ms`, running every timer that falls due, and lets promises settle between them. @throws BAD_OPTION */
  advance(ms: number): Promise<void>
  /** Timers that are waiting; for asserting that none was left. */
  readonly pending: number
  /** ms until the next timer falls due, or the next that is no background timer; undefined where there is none. */
  next(which?: 'any' | 'foreground'): number | undefined
}

interface Waiting {
  readonly at: number
  readonly order: number
  readonly background: boolean
  readonly run: () => void
}

/** Makes a virtual clock that stands at `start` (ms since the epoch; default 2026-01-01T00:00:00Z). */
export function virtualClock(start: number = Date.UTC(2026, 0, 1)): VirtualClock {
  let now = start
  let made = 0
  const waiting = new Set<Waiting>()

  const next = (until: number): Waiting | undefined => {
    let first: Waiting | undefined
    for (const timer of waiting) {
      if (timer.at > until) continue
      if (!first || timer.at < first.at || (timer.at === first.at && timer.order < first.order)) first = timer
    }
    return first
  }

  return {
    now: () => now,
    after(delay, run, { background = false } = {}): Timer {
      const timer: Waiting = { at: now + Math.max(0, delay), order: made++, background, run }
      waiting.add(timer)
      return { cancel: () => void waiting.delete(timer) }
    },
    async advance(ms) {
      milliseconds('advance', ms, 0, Number.MAX_SAFE_INTEGER)
      const until = now + ms
      await settled()
      for (let timer = next(until); timer; timer = next(until)) {
        waiting.delete(timer)
        now = Math.max(now, timer.at)
        timer.run()
        await settled()
      }
      now = until
      await settled()
    },
    get pending() {
      return waiting.size
    },
    next(which = 'any') {
      let first = Infinity
      for (const { at, background } of waiting) if (which === 'any' || !background) first = Math.min(first, at)
      return first === Infinity ? undefined : Math.max(0, first - now)
    },
  }
}

/** Lets every promise that can settle without time or IO do so: a turn of the event loop comes after all microtasks. */
export function settled(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}
