import { known } from '../bounds.ts'
import { MillraceError } from '../errors.ts'
import type { Attempt, Middleware } from '../handler.ts'
import type { Used } from './chain.ts'
import type { UseOptions } from './handle.ts'

const OPTIONS = { per: true } satisfies Record<keyof UseOptions, true>

/** Each middleware with its place. @throws BAD_OPTION */
export function placed<C extends Attempt>(list: readonly (Middleware<C> | UseOptions)[]): Used<C>[] {
  const options = list.find((one): one is UseOptions => typeof one !== 'function')
  const at = list.findIndex(one => typeof one !== 'function')
  if (at >= 0 && (at < list.length - 1 || typeof options !== 'object' || options === null))
    throw new MillraceError('BAD_OPTION', 'use: middleware are functions; only the last argument may be { per }')
  if (options) known('use', options, OPTIONS)
  if (options?.per !== undefined && options.per !== 'attempt' && options.per !== 'delivery')
    throw new MillraceError('BAD_OPTION', `use: per is 'attempt' or 'delivery', not '${String(options.per)}'`)
  return list
    .filter((one): one is Middleware<C> => typeof one === 'function')
    .map(middleware => ({ middleware, per: options?.per ?? middleware.per ?? 'attempt' }))
}
