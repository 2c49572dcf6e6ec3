import type { Broker } from '../contract.ts'
import { MillraceError } from '../errors.ts'
import type { Attempt, Handler, Middleware } from '../handler.ts'
import { recoverer } from '../middleware/recoverer.ts'
import { breaker } from '../policy/breaker.ts'
import { bulkhead } from '../policy/bulkhead.ts'
import { retry } from '../policy/retry.ts'
import { throttle } from '../policy/throttle.ts'
import { isThenable } from '../thenable.ts'
import type { Outputs } from './outputs.ts'
import type { Plan } from './spec.ts'
import { WorkContext } from './work-context.ts'

/** A middleware and where it goes. */
export interface Used<C extends Attempt> {
  readonly middleware: Middleware<C>
  readonly per: 'attempt' | 'delivery'
}

/**
 * The handler inside its policies and middleware, made once when it starts. The order is law, whatever the order of the
 * options: per delivery (retry (throttle → bulkhead → breaker → transaction → timeout → recoverer → per attempt → handler)).
 * Among the middleware of one place the first that was added is the outermost.
 */
export function chain<C extends Attempt>(
  plan: Plan,
  outputs: Outputs,
  used: readonly Used<C>[],
  handler: Handler<C>,
): Handler<C> {
  const at = (place: Used<C>['per']): Middleware<C>[] =>
    used.filter(({ per }) => per === place).map(({ middleware }) => middleware)
  const around = at('delivery')
  const { timeout } = plan
  const policies: (Middleware<C> | undefined)[] = [
    plan.retry && retry<C>(plan.retry),
    plan.throttle && throttle<C>(plan.throttle),
    plan.bulkhead && bulkhead<C>(plan.bulkhead),
    plan.breaker && breaker<C>(plan.breaker),
    plan.atomic && atomic<C>(plan.atomic, outputs),
    timeout && (next => timeout.around(next)),
    // Without anyone between, the router itself makes an error of what was thrown.
    around.length > 0 ? recoverer<C>() : undefined,
  ]
  return compose(adopted(handler), [...around, ...policies.filter(policy => policy !== undefined), ...at('attempt')])
}

/**
 * The handler, giving real promises only: a query builder or another library's promise may call back twice or throw when
 * it is asked to, and what settles must run once.
 */
function adopted<C extends Attempt>(handler: Handler<C>): Handler<C> {
  return (value, context) => {
    const result = handler(value, context)
    if (result === undefined || result instanceof Promise || !isThenable(result)) return result
    return Promise.resolve(result)
  }
}

/** The first is the outermost. */
export function compose<C extends Attempt>(handler: Handler<C>, middleware: readonly Middleware<C>[]): Handler<C> {
  return middleware.reduceRight((next, wrap) => wrap(next), handler)
}

/** The attempt, its outputs and the ack: all of it or nothing. */
function atomic<C extends Attempt>(broker: Broker, outputs: Outputs): Middleware<C> {
  return next => async (value, context) => {
    const work: unknown = context
    if (!(work instanceof WorkContext))
      throw new MillraceError(
        'BAD_OPTION',
        'atomic: a middleware per delivery must pass on the context that it was given',
      )
    await broker.transaction?.(async transaction => {
      work.transaction = transaction
      try {
        await outputs.send(await next(value, context), work)
        transaction.ack(work.delivery)
      } finally {
        work.transaction = undefined
      }
    })
    work.committed = true
    return undefined
  }
}
