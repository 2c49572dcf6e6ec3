import type { ErrorCode } from 'millrace'
import { isMillraceError } from 'millrace'
import { within } from './waiting.ts'

/** Resolves, when the signal aborts, to the code of its reason. May be left un-awaited. */
export function aborts(signal: AbortSignal, patience: number): Promise<ErrorCode | undefined> {
  const code = watch(signal, patience)
  code.catch(() => undefined) // whoever awaits it sees it
  return code
}

async function watch(signal: AbortSignal, patience: number): Promise<ErrorCode | undefined> {
  if (!signal.aborted) {
    const aborted = new Promise<void>(resolve => signal.addEventListener('abort', () => resolve(), { once: true }))
    await within(aborted, patience, 'the signal to abort')
  }
  return isMillraceError(signal.reason) ? signal.reason.code : undefined
}
