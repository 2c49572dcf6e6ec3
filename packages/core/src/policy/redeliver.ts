import type { Backoff } from '../adapter/backoff.ts'
import { BACKOFF, backoff } from '../adapter/backoff.ts'
import type { BackoffOptions } from '../contract.ts'
import { asError, isMillraceError } from '../errors.ts'
import type { Context, Middleware } from '../handler.ts'
import { isThenable } from '../thenable.ts'
import { callable, known, whole } from '../bounds.ts'
import { perDelivery } from './per-delivery.ts'

/** Through the broker: a failed message is nacked, backs off there and comes again. */
export interface RedeliverOptions {
  /** Deliveries in all, the first included, 1 or more. Then it is dead-lettered. Default 10. */
  readonly attempts?: number
  /** The wait before it comes again. Default exponential with full jitter, base 100, max 30,000 ms. */
  readonly backoff?: BackoffOptions | Backoff
}

const REDELIVER = { attempts: true, backoff: true } satisfies Record<keyof RedeliverOptions, true>

/**
 * Settles a failed delivery itself: nacked with the backoff's delay, dead-lettered once it came `attempts` times.
 * For handlers whose subscription's own `maxDeliveries` is larger; give a handler `redeliver` for the usual case.
 * @throws BAD_OPTION
 */
export function redeliver(options: RedeliverOptions = {}): Middleware {
  known('redeliver', options, REDELIVER)
  if (typeof options.backoff === 'object') known('redeliver.backoff', options.backoff, BACKOFF)
  const { attempts = 10 } = options
  whole('redeliver.attempts', attempts, 1, Number.MAX_SAFE_INTEGER)
  const wait = backoff(options.backoff)
  return onFailure(({ delivery }, error) => {
    if (delivery.attempt >= attempts) delivery.reject({ error })
    else delivery.nack({ delay: wait(delivery.attempt), error })
  })
}

/** What is dead-lettered at once. */
export interface DeadLetterOptions {
  /** Which errors a message is dead-lettered for, at its first failure. Default: all. */
  readonly when?: (error: Error, context: Context) => boolean
}

const DEAD_LETTER = { when: true } satisfies Record<keyof DeadLetterOptions, true>

/** Dead-letters a failed delivery at once, where `when` says so; others fail as ever. */
export function deadLetter(options: DeadLetterOptions = {}): Middleware {
  known('deadLetter', options, DEAD_LETTER)
  callable('deadLetter.when', options.when)
  const { when = () => true } = options
  return onFailure((context, error) => {
    if (when(error, context)) context.delivery.reject({ error })
  })
}

/** Runs when the work failed after all retries, then lets the error go on; the router leaves alone what is settled. */
export function onFailure(run: (context: Context, error: Error) => void): Middleware {
  const failed = (thrown: unknown, context: Context): never => {
    const error = asError(thrown)
    if (!isMillraceError(error, 'BREAKER_OPEN') && !context.signal.aborted) run(context, error)
    throw error
  }
  return perDelivery(next => (value, context) => {
    let result: unknown
    try {
      result = next(value, context)
    } catch (error) {
      return failed(error, context)
    }
    return isThenable(result) ? result.then(undefined, (error: unknown) => failed(error, context)) : result
  })
}
