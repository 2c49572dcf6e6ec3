import type { Clock } from './clock.ts'
import { systemClock } from './system.ts'

/** Asked so often without a turn of the event loop, the clock is read again. */
const MOST = 4096

/**
 * Time for stamping messages: the system's clock is read once in a turn of the event loop (reading it costs as much as
 * half of a message's way through the memory broker); any other clock each time. So the messages of one turn share a
 * time, that of the turn's first: tens of milliseconds back on a busy machine. `from: { time }` goes by it, and leaves out
 * what was published later in a turn that had begun before that time.
 */
export function stamp(clock: Clock): () => number {
  if (clock !== systemClock) return () => clock.now()
  let now = 0
  let asked = 0
  const forget = (): void => {
    now = 0
  }
  return () => {
    if (now === 0 || ++asked > MOST) {
      if (now === 0) setImmediate(forget)
      now = clock.now()
      asked = 0
    }
    return now
  }
}
