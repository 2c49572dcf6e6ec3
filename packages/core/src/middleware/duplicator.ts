import type { Attempt, Context, Middleware } from '../handler.ts'
import { asList } from '../router/output.ts'
import { isThenable } from '../thenable.ts'

/** Runs the handler twice, one after the other, to see whether it is idempotent. Both results are published. */
export function duplicator<C extends Attempt = Context>(): Middleware<C> {
  return next => (value, context) => {
    const again = (first: unknown): unknown => {
      const second = next(value, context)
      return isThenable(second) ? second.then(done => both(first, done)) : both(first, second)
    }
    const first = next(value, context)
    return isThenable(first) ? first.then(again) : again(first)
  }
}

function both(first: unknown, second: unknown): unknown[] {
  return [...asList(first), ...asList(second)]
}
