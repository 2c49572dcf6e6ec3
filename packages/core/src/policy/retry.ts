import type { Backoff } from '../adapter/backoff.ts'
import { backoff } from '../adapter/backoff.ts'
import type { BackoffOptions } from '../contract.ts'
import { asError, CODES, isMillraceError } from '../errors.ts'
import type { Attempt, Context, Handler, Middleware } from '../handler.ts'
import { telemetry } from '../telemetry.ts'
import { isThenable } from '../thenable.ts'
import { callable, known, milliseconds, whole } from '../bounds.ts'
import { sleep } from './sleep.ts'

/** Retries in this process, before the delivery is settled. The wait is exponential with full jitter (`base`, `max`, `factor`). */
export interface RetryOptions extends BackoffOptions {
  /** Handler calls in all, 1 to 1,000. Default 3. */
  readonly attempts?: number
  /** No retry begins later than so many ms after the first attempt began. Default: no bound. */
  readonly elapsed?: number
  /** False: another attempt cannot help; the error goes on to redelivery. Default: all but the library's own of a code that says so. */
  readonly retryable?: (error: Error) => boolean
  /** True: neither retried nor redelivered but dead-lettered at once. */
  readonly fatal?: (error: Error) => boolean
  /** True: counts as done; nothing is published, the message is acked. */
  readonly ignore?: (error: Error) => boolean
  /** Called before each wait, with what will really be waited. Cannot change the schedule; what it throws is logged. */
  readonly onRetry?: (event: RetryEvent) => void
  /** From 0 up to but not including 1; for tests. */
  readonly random?: () => number
}

/** What `onRetry` is told before each wait. */
export interface RetryEvent {
  readonly error: Error
  /** Of the attempt that failed: 1 is the first. */
  readonly attempt: number
  /** ms until the next one. */
  readonly delay: number
  readonly context: Attempt
}

const OPTIONS = {
  attempts: true, base: true, max: true, factor: true, jitter: true, elapsed: true, retryable: true, fatal: true, ignore: true,
  onRetry: true, random: true,
} satisfies Record<keyof RetryOptions, true> // prettier-ignore

/**
 * Calls the handler again when it failed, after a wait that holds no shared slot.
 * Never retried: BREAKER_OPEN (given back instead), and anything once the delivery is lost or a close ran out of time.
 * @throws BAD_OPTION
 */
export function retry<C extends Attempt = Context>(options: RetryOptions = {}): Middleware<C> {
  known('retry', options, OPTIONS)
  for (const name of ['retryable', 'fatal', 'ignore', 'onRetry', 'random'] as const)
    callable(`retry.${name}`, options[name])
  const { attempts = 3, elapsed, ignore } = options
  whole('retry.attempts', attempts, 1, 1000)
  if (elapsed !== undefined) milliseconds('retry.elapsed', elapsed, 0, Infinity)
  const wait = backoff(options, options.random)
  return next => {
    const failed = (thrown: unknown, value: unknown, context: C, began: number): unknown => {
      const error = asError(thrown)
      if (ignore?.(error)) return undefined
      if (attempts === 1) throw error
      return persist({ next, options, attempts, wait }, error, value, context, began)
    }
    return (value, context) => {
      const began = elapsed === undefined ? 0 : context.clock.now()
      let result: unknown
      try {
        result = next(value, context)
      } catch (error) {
        return failed(error, value, context, began)
      }
      return isThenable(result) ? result.then(undefined, error => failed(error, value, context, began)) : result
    }
  }
}

/** Whether trying again in this process may help; what the router's dead-lettering asks, too. */
export function mayRetry(options: RetryOptions, error: Error): boolean {
  if (isMillraceError(error, 'BREAKER_OPEN') || options.fatal?.(error)) return false
  if (options.retryable) return options.retryable(error)
  return !isMillraceError(error) || CODES[error.code].retry
}

interface Persistence<C extends Attempt> {
  readonly next: Handler<C>
  readonly options: RetryOptions
  readonly attempts: number
  readonly wait: Backoff
}

async function persist<C extends Attempt>(
  how: Persistence<C>,
  first: Error,
  value: unknown,
  context: C,
  began: number,
): Promise<unknown> {
  const { next, options, attempts, wait } = how
  const { clock } = context
  let error = first
  for (let attempt = 1; attempt < attempts && mayRetry(options, error); attempt++) {
    const delay = wait(attempt)
    if (options.elapsed !== undefined && clock.now() + delay - began > options.elapsed) break
    tell(options, { error, attempt, delay, context })
    try {
      await sleep(clock, delay, context.waiting)
    } catch {
      break // the delivery was lost or the router is closing: the error that counts is the handler's
    }
    try {
      return await next(value, context)
    } catch (thrown) {
      error = asError(thrown)
      if (options.ignore?.(error)) return undefined
    }
  }
  throw error
}

function tell(options: RetryOptions, event: RetryEvent): void {
  const { error, attempt, delay, context } = event
  if (context.logger.enabled('debug')) context.logger.log('debug', 'will try again', { error, attempt, delay })
  if (telemetry.handler.hasSubscribers)
    telemetry.handler.publish({ handler: context.handler, what: 'retrying', attempt, delay, error })
  try {
    options.onRetry?.(event)
  } catch (thrown) {
    context.logger.log('warn', 'onRetry threw', { error: thrown })
  }
}
