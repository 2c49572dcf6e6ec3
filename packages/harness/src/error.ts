/**
 * What went wrong, for a program to tell apart.
 *
 * - `NOT_AVAILABLE`: a server or tool cannot be had on this machine (no network, no package tool); the message says what to install.
 * - `START_FAILED`: it was fetched but did not become ready; the message ends with the tail of its log.
 * - `STOP_FAILED`: it did not end, even after SIGKILL.
 * - `COMMAND_FAILED`: a program could not be run, or ended with a failure; the message has what it said.
 * - `PROTOCOL`: the server's answer to a readiness call was not what the protocol says.
 * - `BAD_OPTION`: an unknown server, version or option.
 */
export type HarnessErrorCode =
  'NOT_AVAILABLE' | 'START_FAILED' | 'STOP_FAILED' | 'COMMAND_FAILED' | 'PROTOCOL' | 'BAD_OPTION'

/** Every error of the harness, told apart by `code`. */
export class HarnessError extends Error {
  override readonly name = 'HarnessError'
  readonly code: HarnessErrorCode

  constructor(code: HarnessErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
