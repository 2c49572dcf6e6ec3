import { BACKOFF, backoff } from '../adapter/backoff.ts'
import { known } from '../bounds.ts'
import type { BackoffOptions } from '../contract.ts'
import type { Middleware } from '../handler.ts'
import { onFailure } from '../policy/redeliver.ts'

/**
 * Nacks a failed delivery with a delay that grows with its attempts, instead of the subscription's backoff.
 * Default: 100 ms, twice as long each time (any factor of 1 or more), 30,000 at most, without jitter. @throws BAD_OPTION
 */
export function delayOnError(options: BackoffOptions = {}): Middleware {
  known('delayOnError', options, BACKOFF)
  const wait = backoff({ jitter: 'none', ...options })
  return onFailure(({ delivery }, error) => void delivery.nack({ delay: wait(delivery.attempt), error }))
}
