import type { Attempt, Context, Middleware } from '../handler.ts'

/** Applies the middleware only to what the condition holds for; everything else goes straight on. */
export function when<C extends Attempt = Context>(
  condition: (value: unknown, context: C) => boolean,
  middleware: Middleware<C>,
): Middleware<C> {
  const wrap = (next: (value: unknown, context: C) => unknown) => {
    const wrapped = middleware(next)
    return (value: unknown, context: C): unknown =>
      condition(value, context) ? wrapped(value, context) : next(value, context)
  }
  return middleware.per === undefined ? wrap : Object.assign(wrap, { per: middleware.per })
}
