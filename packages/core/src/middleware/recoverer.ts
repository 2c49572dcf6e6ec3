import { asError } from '../errors.ts'
import type { Attempt, Context, Middleware } from '../handler.ts'
import { isThenable } from '../thenable.ts'

/** Makes an Error of whatever was thrown or rejected, `undefined` included; what was thrown is its cause. The router has one innermost. */
export function recoverer<C extends Attempt = Context>(): Middleware<C> {
  return next => (value, context) => {
    let result: unknown
    try {
      result = next(value, context)
    } catch (thrown) {
      throw asError(thrown)
    }
    return isThenable(result) ? result.then(undefined, recovered) : result
  }
}

function recovered(thrown: unknown): never {
  throw asError(thrown)
}
