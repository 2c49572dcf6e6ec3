import type { BackoffOptions } from '../contract.ts'
import { MillraceError } from '../errors.ts'

/** The wait in ms after the given attempt (1 is the first) failed. */
export type Backoff = (attempt: number) => number

/**
 * Exponential with full jitter: evenly from 0 to min(max, base × factor^(attempt − 1)).
 * @throws BAD_OPTION
 */
export function backoff(options: BackoffOptions | Backoff = {}, random: () => number = Math.random): Backoff {
  if (typeof options === 'function') return options
  const { base = 100, max = 30_000, factor = 2, jitter = 'full' } = options
  if (!(base >= 0) || !(max >= base) || !(factor >= 1))
    throw new MillraceError('BAD_OPTION', 'backoff: 0 ≤ base ≤ max (ms) and factor ≥ 1 are wanted')
  if (jitter !== 'full' && jitter !== 'none')
    throw new MillraceError('BAD_OPTION', "backoff: jitter is 'full' or 'none'")
  return attempt => {
    const bound = Math.min(max, base * factor ** Math.min(attempt - 1, 1023))
    return jitter === 'full' ? Math.round(random() * bound) : bound
  }
}
