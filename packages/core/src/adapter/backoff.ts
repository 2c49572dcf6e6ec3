import type { BackoffOptions } from '../contract.ts'
import { MillraceError } from '../errors.ts'
import { warn } from '../warning.ts'

/** The wait in ms after the given attempt (1 is the first) failed. */
export type Backoff = (attempt: number) => number

/** What `known` is to be told where nothing but a backoff is given. */
export const BACKOFF: Readonly<Record<keyof BackoffOptions, true>> = {
  base: true,
  max: true,
  factor: true,
  jitter: true,
}

/**
 * Exponential with full jitter: evenly from 0 to min(max, base × factor^(attempt − 1)). A function of one's own that throws
 * or gives no time to wait is reported once as a warning, and the usual wait takes its place.
 * @throws BAD_OPTION
 */
export function backoff(options: BackoffOptions | Backoff = {}, random: () => number = Math.random): Backoff {
  if (typeof options === 'function') return guarded(options, backoff({}, random))
  if (typeof options !== 'object' || options === null)
    throw new MillraceError('BAD_OPTION', 'backoff: options or a function are wanted')
  const { base = 100, max = 30_000, factor = 2, jitter = 'full' } = options
  const numbers = [base, max, factor].every(value => Number.isFinite(value))
  if (!numbers || base < 0 || max < base || factor < 1)
    throw new MillraceError(
      'BAD_OPTION',
      'backoff: 0 ≤ base ≤ max (ms) and factor ≥ 1 are wanted, none of them infinite',
    )
  if (jitter !== 'full' && jitter !== 'none')
    throw new MillraceError('BAD_OPTION', "backoff: jitter is 'full' or 'none'")
  return attempt => {
    const bound = Math.min(max, base * factor ** Math.min(attempt - 1, 1023))
    return jitter === 'full' ? Math.round(random() * bound) : bound
  }
}

/** What a caller's function makes of its own bug must not stop or spin what waits for it. */
function guarded(own: Backoff, usual: Backoff): Backoff {
  let told = false
  return attempt => {
    let wait: unknown
    try {
      wait = own(attempt)
    } catch (error) {
      wait = error
    }
    if (typeof wait === 'number' && wait >= 0 && wait < Infinity) return wait
    if (!told) warn('a backoff gave no time to wait', wait)
    told = true
    return usual(attempt)
  }
}
