import { asError, isMillraceError } from '../errors.ts'
import type { ErrorCode } from '../errors.ts'
import type { Attempt, Context, Middleware } from '../handler.ts'
import { isThenable } from '../thenable.ts'

/** Which errors: a class, one of the library's codes, or whatever the function says. */
export type ErrorMatch = ErrorCode | (abstract new (...args: never[]) => Error) | ((error: Error) => boolean)

/** Takes the errors that match for success: nothing is published, the message is acked. An error's causes are looked at, too. */
export function ignoreErrors<C extends Attempt = Context>(matches: readonly ErrorMatch[]): Middleware<C> {
  const ignored = (thrown: unknown): undefined => {
    const error = asError(thrown)
    if (!chain(error).some(one => matches.some(match => fits(match, one)))) throw error
    return undefined
  }
  return next => (value, context) => {
    try {
      const result = next(value, context)
      return isThenable(result) ? result.then(undefined, ignored) : result
    } catch (error) {
      return ignored(error)
    }
  }
}

function fits(match: ErrorMatch, error: Error): boolean {
  if (typeof match === 'string') return isMillraceError(error, match)
  if (isErrorClass(match)) return error instanceof match
  return (match as (error: Error) => boolean)(error)
}

function isErrorClass(match: ErrorMatch): match is abstract new (...args: never[]) => Error {
  return typeof match === 'function' && (match === Error || match.prototype instanceof Error)
}

/** The error and its causes, outermost first; causes that go round in a circle end. */
function chain(error: Error): Error[] {
  const all: Error[] = []
  for (let at: unknown = error; at instanceof Error && !all.includes(at); at = at.cause) all.push(at)
  return all
}
