import type { Attempt, Middleware } from '../handler.ts'
import type { Used } from './chain.ts'
import type { UseOptions } from './handle.ts'

/** Each middleware with its place. */
export function placed<C extends Attempt>(list: readonly (Middleware<C> | UseOptions)[]): Used<C>[] {
  const options = list.find((one): one is UseOptions => typeof one !== 'function')
  return list
    .filter((one): one is Middleware<C> => typeof one === 'function')
    .map(middleware => ({ middleware, per: options?.per ?? middleware.per ?? 'attempt' }))
}
