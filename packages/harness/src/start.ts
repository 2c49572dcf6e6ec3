import type { Progress } from './cache.ts'
import { chosen } from './catalogue.ts'
import type { ServerName } from './catalogue.ts'
import { HarnessError } from './error.ts'
import { startFresh } from './fresh-instance.ts'
import { startShared } from './shared-instance.ts'
import type { RunningServer } from './running-server.ts'

export interface StartOptions {
  /** One of the versions of that server, or the beginning of one; the newest unless given. */
  readonly version?: string
  /** A new instance with empty data for this process alone, removed by `stop` and when this process ends; else the shared one, started where it is not up. */
  readonly fresh?: boolean
  /** Lines to add to the configuration of a fresh instance, in the server's own words. */
  readonly config?: readonly string[]
  /** A fresh instance that also speaks TLS to one user with a password: see `RunningServer.secure`. */
  readonly secure?: boolean
  /** Milliseconds until it must be ready, without what the download takes; 60,000 unless given. */
  readonly timeout?: number
  /** Gets what is being downloaded; written to standard error unless given. */
  readonly say?: Progress
}

/**
 * Starts a server, fetching it first where the cache does not have it, and resolves when it answers in its own protocol.
 * Rejects `NOT_AVAILABLE` where it cannot be had here, `START_FAILED` with the tail of its log, `BAD_OPTION`.
 */
export async function start(name: ServerName, options: StartOptions = {}): Promise<RunningServer> {
  const { version, fresh = false, config = [], secure = false, timeout = 60_000, say = toStandardError } = options
  if (!fresh && (config.length > 0 || secure)) {
    throw new HarnessError('BAD_OPTION', `'config' and 'secure' are for a fresh ${name}, the other is shared`)
  }
  const choice = chosen(name, version)
  const program = await choice.recipe.fetch(choice.version, say).catch((cause: unknown) => {
    const message = `${name} ${choice.version} cannot be had (is there a network?): ${(cause as Error).message}`
    throw new HarnessError('NOT_AVAILABLE', message, { cause })
  })
  return fresh
    ? await startFresh(name, program, { config, secure, timeout })
    : await startShared(name, program, { timeout })
}

function toStandardError(line: string): void {
  process.stderr.write(`harness: ${line}\n`)
}
