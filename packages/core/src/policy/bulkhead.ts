import type { Attempt, Context, Middleware } from '../handler.ts'
import { isThenable } from '../thenable.ts'
import { known, whole } from '../bounds.ts'
import { WaitingLine } from './waiting-line.ts'

/** How wide it is. */
export interface BulkheadOptions {
  /** Attempts that may run at the same time, 1 to 100,000. */
  readonly limit: number
}

const OPTIONS = { limit: true } satisfies Record<keyof BulkheadOptions, true>

/** At most `limit` attempts at the same time, over every handler that shares it; the others wait, first come first served. */
export class Bulkhead {
  readonly #limit: number
  readonly #line = new WaitingLine()
  #running = 0

  /** @throws BAD_OPTION */
  constructor(options: BulkheadOptions) {
    known('bulkhead', options, OPTIONS)
    whole('bulkhead.limit', options.limit, 1, 100_000)
    this.#limit = options.limit
  }

  get running(): number {
    return this.#running
  }

  get waiting(): number {
    return this.#line.size
  }

  /** Takes a place if there is one; `leave` must follow. */
  tryEnter(): boolean {
    if (this.#running >= this.#limit) return false
    this.#running++
    return true
  }

  /** Takes a place when there is one; `leave` must follow. Rejects with the signal's reason when that comes first. */
  async enter(signal?: AbortSignal): Promise<void> {
    if (!this.tryEnter()) await this.#line.join(signal) // who leaves hands his place over
  }

  leave(): void {
    if (!this.#line.serve()) this.#running--
  }
}

/** Lets at most `limit` attempts run at the same time, over all handlers that it is used on. @throws BAD_OPTION */
export function bulkhead<C extends Attempt = Context>(options: BulkheadOptions | Bulkhead): Middleware<C> {
  const shared = options instanceof Bulkhead ? options : new Bulkhead(options)
  return next => {
    const inside = (value: unknown, context: C): unknown => {
      let result: unknown
      try {
        result = next(value, context)
      } catch (error) {
        shared.leave()
        throw error
      }
      if (!isThenable(result)) {
        shared.leave()
        return result
      }
      return result.then(
        value => {
          shared.leave()
          return value
        },
        (error: unknown) => {
          shared.leave()
          throw error
        },
      )
    }
    return (value, context) =>
      shared.tryEnter() ? inside(value, context) : shared.enter(context.waiting).then(() => inside(value, context))
  }
}
