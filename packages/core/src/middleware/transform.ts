import type { Attempt, Context, Middleware, OutputMap } from '../handler.ts'
import { isThenable } from '../thenable.ts'

/** Hands the handler what the function makes of the value; it may give a promise. What it throws fails the attempt. */
export function transform<C extends Attempt = Context>(change: (value: unknown, context: C) => unknown): Middleware<C> {
  return next => {
    const later = async (changed: PromiseLike<unknown>, context: C): Promise<unknown> => next(await changed, context)
    return (value, context) => {
      const changed = change(value, context)
      return isThenable(changed) ? later(changed, context) : next(changed, context)
    }
  }
}

/** Has every message that the handler publishes pass through the function. What that throws fails the delivery. */
export function transformOutputs<C extends Attempt = Context>(map: OutputMap): Middleware<C> {
  return next => (value, context) => {
    context.mapOutputs(map)
    return next(value, context)
  }
}
