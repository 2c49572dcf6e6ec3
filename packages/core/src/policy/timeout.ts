import { MillraceError } from '../errors.ts'
import type { Attempt, Middleware } from '../handler.ts'
import { telemetry } from '../telemetry.ts'
import { isThenable } from '../thenable.ts'
import type { Bounded } from './deadlines.ts'
import { Deadlines } from './deadlines.ts'
import { milliseconds } from './bounds.ts'
import { Scope } from './scope.ts'

/** The longest time a handler can be given, in ms: 24 days. */
const LONGEST = 2_147_483_647

/**
 * Gives each attempt `after` ms, then aborts its signal and fails it with TIMEOUT. The failure shows when the handler has
 * really ended: until then it keeps its key and its slot, and no second attempt runs beside it.
 * A handler that never gives a promise cannot be interrupted and is not bounded.
 * @throws BAD_OPTION
 */
export function timeout(after: number): Middleware<Attempt> {
  return new Timeout(after).middleware
}

/** The bound as a thing that can be laid to rest. */
export class Timeout {
  readonly #after: number
  #deadlines: Deadlines | undefined

  /** @throws BAD_OPTION */
  constructor(after: number) {
    milliseconds('timeout', after, 1, LONGEST)
    this.#after = after
  }

  /** Every handler that is wrapped by it shares its one timer. */
  readonly middleware: Middleware<Attempt> = next => (value, context) => {
    const scope = new TimedScope(context, this.#after)
    let result: unknown
    try {
      result = next(value, scope)
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

  /** Leaves no timer where no attempt is running. */
  rest(): void {
    this.#deadlines?.rest()
  }
}

class TimedScope extends Scope implements Bounded {
  at = 0
  before: Bounded | undefined = undefined
  after: Bounded | undefined = undefined
  expired: MillraceError | undefined = undefined
  readonly #ms: number

  constructor(outer: Attempt, ms: number) {
    super(outer)
    this.#ms = ms
  }

  overdue(): void {
    const { handler, logger } = this
    this.expired = new MillraceError('TIMEOUT', `handler '${handler}' was given ${this.#ms} ms`)
    logger.log('warn', 'the attempt is over its time', { timeout: this.#ms, message: this.cause.id })
    if (telemetry.handler.hasSubscribers)
      telemetry.handler.publish({ handler, what: 'timed-out', error: this.expired })
    this.abort(this.expired)
  }
}
