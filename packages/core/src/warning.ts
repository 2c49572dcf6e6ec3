import { asError } from './errors.ts'

/** For what went wrong in somebody else's callback, where no caller could catch it: a process warning, never a throw. */
export function warn(what: string, error: unknown): void {
  process.emitWarning(`${what}: ${asError(error).message}`, 'MillraceWarning')
}
