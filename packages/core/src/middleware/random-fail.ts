import { MillraceError } from '../errors.ts'
import type { Attempt, Context, Middleware } from '../handler.ts'

export interface RandomFailOptions {
  /** From 0 up to but not including 1. Default `Math.random`. */
  readonly random?: () => number
}

/** Fails so large a part of the attempts (0 to 1), before the handler is called, by a rejection. @throws BAD_OPTION */
export function randomFail<C extends Attempt = Context>(
  probability: number,
  options: RandomFailOptions = {},
): Middleware<C> {
  const chance = checked(probability, options)
  return next => (value, context) => (chance() ? Promise.reject(new Error('failed at random')) : next(value, context))
}

/** Throws synchronously in so large a part of the attempts (0 to 1), and something that is no Error. @throws BAD_OPTION */
export function randomThrow<C extends Attempt = Context>(
  probability: number,
  options: RandomFailOptions = {},
): Middleware<C> {
  const chance = checked(probability, options)
  return next => (value, context) => {
    // The point of it: a handler may throw anything.
    // oxlint-disable-next-line no-throw-literal
    if (chance()) throw 'thrown at random'
    return next(value, context)
  }
}

function checked(probability: number, { random = Math.random }: RandomFailOptions): () => boolean {
  if (typeof probability !== 'number' || !(probability >= 0 && probability <= 1))
    throw new MillraceError('BAD_OPTION', `a probability is from 0 to 1, not ${String(probability)}`)
  return () => random() < probability
}
