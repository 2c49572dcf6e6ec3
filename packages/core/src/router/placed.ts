import { MillraceError } from '../errors.ts'
import type { Attempt, Middleware } from '../handler.ts'
import type { Used } from './chain.ts'
import type { UseOptions } from './handle.ts'

/** Each middleware with its place. @throws BAD_OPTION */
export function placed<C extends Attempt>(list: readonly (Middleware<C> | UseOptions)[]): Used<C>[] {
  const options = list.find((one): one is UseOptions => typeof one !== 'function')
  const at = list.findIndex(one => typeof one !== 'function')
  if (at >= 0 && (at < list.length - 1 || typeof options !== 'object' || options === null))
    throw new MillraceError('BAD_OPTION', 'use: middleware are functions; only the last argument may be { per }')
  return list
    .filter((one): one is Middleware<C> => typeof one === 'function')
    .map(middleware => ({ middleware, per: options?.per ?? middleware.per ?? 'attempt' }))
}
