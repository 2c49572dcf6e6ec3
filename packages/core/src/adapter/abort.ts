import type { Clock } from '../clock/clock.ts'
import { MillraceError } from '../errors.ts'

/** The error for a wait that the caller's signal ended. A signal that carries one of ours passes it on. */
export function aborted(signal: AbortSignal, what: string): MillraceError {
  const reason: unknown = signal.reason
  if (reason instanceof MillraceError) return reason
  return new MillraceError('ABORTED', `${what} was aborted`, { cause: reason })
}

/** The promise, or ABORTED when the signal comes first. The promise's own end is then nobody's concern. */
export function orAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined, what: string): Promise<T> {
  if (!signal) return promise
  return new Promise((resolve, reject) => {
    if (signal.aborted) reject(aborted(signal, what))
    const onAbort = (): void => reject(aborted(signal, what))
    signal.addEventListener('abort', onAbort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}

/** Resolves `ms` from now, or when the signal aborts. Leaves no timer and no listener. */
export function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const end = (): void => {
      timer.cancel()
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = clock.after(ms, end)
    signal.addEventListener('abort', end, { once: true })
    if (signal.aborted) end()
  })
}
