import { MillraceError } from '../errors.ts'
import type { Attempt, Context, Handler, Middleware } from '../handler.ts'
import { telemetry } from '../telemetry.ts'
import { isThenable } from '../thenable.ts'
import { milliseconds } from '../bounds.ts'
import { Deadlines } from './deadlines.ts'
import { TimedScope } from './timed-scope.ts'

/** The longest time a handler can be given, in ms: 24 days. */
const LONGEST = 2_147_483_647

/**
 * Gives each attempt `after` ms, then aborts its signal and fails it with TIMEOUT. The failure shows when the handler has
 * really ended: until then it keeps its key and its slot, and no second attempt runs beside it.
 * A handler that gives no promise cannot be interrupted and is not bounded. @throws BAD_OPTION
 */
export function timeout<C extends Attempt = Context>(after: number): Middleware<C> {
  const bound = new Timeout(after)
  return next => bound.around(next)
}

/** The bound as a thing that can be laid to rest. */
export class Timeout {
  readonly #after: number
  readonly #late: (scope: TimedScope) => Error
  #deadlines: Deadlines | undefined

  /** @throws BAD_OPTION */
  constructor(after: number) {
    milliseconds('timeout', after, 1, LONGEST)
    this.#after = after
    this.#late = scope => late(scope, after)
  }

  /** The handler, bounded. All that are bounded by this share one timer. */
  around<C extends Attempt>(next: Handler<C>): Handler<C> {
    return (value, context) => {
      const scope = new TimedScope(context, this.#late)
      let result: unknown
      try {
        result = next(value, scope as Attempt as C)
      } catch (error) {
        scope.end()
        throw error
      }
      if (!isThenable(result)) {
        scope.end()
        return result
      }
      const deadlines = (this.#deadlines ??= new Deadlines(context.clock, this.#after))
      deadlines.add(scope)
      return result.then(
        value => {
          deadlines.remove(scope)
          scope.end()
          if (scope.expired) throw scope.expired
          return value
        },
        (error: unknown) => {
          deadlines.remove(scope)
          scope.end()
          throw scope.expired ?? error
        },
      )
    }
  }

  /** Leaves no timer where no attempt is running. */
  rest(): void {
    this.#deadlines?.rest()
  }
}

function late({ handler, logger, cause }: TimedScope, ms: number): Error {
  const error = new MillraceError('TIMEOUT', `handler '${handler}' was given ${ms} ms`)
  logger.log('warn', 'the attempt is over its time', { timeout: ms, message: cause.id })
  if (telemetry.handler.hasSubscribers) telemetry.handler.publish({ handler, what: 'timed-out', error })
  return error
}
