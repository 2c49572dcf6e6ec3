import type { Middleware } from '../handler.ts'
import type { Level } from '../logger.ts'
import { isThenable } from '../thenable.ts'

/** At which levels it writes. */
export interface LogOptions {
  /** Of the line for work that was done. Default 'info'. */
  readonly level?: Level
  /** Of the line for work that failed. Default 'warn'. */
  readonly failure?: Level
}

/** Writes a line for each attempt when it is over, with its time in ms. Costs nothing where neither level is written. */
export function log(options: LogOptions = {}): Middleware {
  const { level = 'info', failure = 'warn' } = options
  return next => (value, context) => {
    const { logger, clock } = context
    if (!logger.enabled(level) && !logger.enabled(failure)) return next(value, context)
    const began = clock.now()
    const fields = (): Record<string, unknown> => ({
      message: context.delivery.message.id,
      attempt: context.delivery.attempt,
      ms: clock.now() - began,
    })
    const failed = (error: unknown): never => {
      logger.log(failure, 'failed', { ...fields(), error })
      throw error
    }
    let result: unknown
    try {
      result = next(value, context)
    } catch (error) {
      return failed(error)
    }
    if (isThenable(result))
      return result.then(value => {
        if (logger.enabled(level)) logger.log(level, 'handled', fields())
        return value
      }, failed)
    if (logger.enabled(level)) logger.log(level, 'handled', fields())
    return result
  }
}
