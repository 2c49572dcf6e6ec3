import type { Attempt, Context, Handler, Middleware } from '../handler.ts'

/** Marks a middleware as one that belongs around the retries, once for each delivery, unless `use` says otherwise. */
export function perDelivery<C extends Attempt = Context>(wrap: (next: Handler<C>) => Handler<C>): Middleware<C> {
  return Object.assign((next: Handler<C>) => wrap(next), { per: 'delivery' as const })
}
