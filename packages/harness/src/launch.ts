import { spawn } from 'node:child_process'
import { open, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { HarnessError } from './error.ts'
import { isAlive, liveProcess } from './live-process.ts'
import type { LiveProcess } from './live-process.ts'
import type { Command } from './recipe.ts'

/**
 * Starts a process that leads its own group and outlives this one. It inherits no descriptor (a lock held here would live as long as it does)
 * and not this process's working folder; what it says goes to `log` in its folder.
 */
export async function launch(command: Command, folder: string): Promise<LiveProcess> {
  const { program, args, env } = command
  await using log = await open(join(folder, 'log'), 'a')
  const child = spawn(program, args, {
    cwd: folder,
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
    env: { ...process.env, ...env },
  })
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve)
    child.once('error', cause =>
      reject(new HarnessError('START_FAILED', `cannot run ${program}: ${cause.message}`, { cause })),
    )
  })
  child.unref()
  const started = child.pid === undefined ? undefined : liveProcess(child.pid)
  if (!started) throw new HarnessError('START_FAILED', `${program} ended at once\n${await logTail(folder, 0)}`)
  return started
}

/**
 * Waits until `probe` resolves. Rejects `START_FAILED` with the tail of the log as soon as the process is gone, or after `timeout` milliseconds.
 */
export async function whenReady(
  launched: LiveProcess,
  probe: () => Promise<void>,
  { folder, logFrom, timeout }: { folder: string; logFrom: number; timeout: number },
): Promise<void> {
  const until = Date.now() + timeout
  for (;;) {
    const error = await probe().then(
      () => undefined,
      (reason: unknown) => reason as Error,
    )
    const gone = !isAlive(launched)
    // Gone, and yet something answers: another program has taken the port.
    if (!error && !gone) return
    if (gone || Date.now() > until) {
      const why = gone ? 'it ended' : `it was not ready after ${timeout / 1000} s (${error?.message})`
      throw new HarnessError('START_FAILED', `${why}; the end of its log:\n${await logTail(folder, logFrom)}`, {
        cause: error,
      })
    }
    await sleep(20)
  }
}

/** How long the log in that folder is now, in bytes. */
export async function logSize(folder: string): Promise<number> {
  return await stat(join(folder, 'log')).then(
    ({ size }) => size,
    () => 0,
  )
}

/** The last 30 lines of the log in that folder, without what stood before the byte `from`. */
export async function logTail(folder: string, from: number): Promise<string> {
  const log = await readFile(join(folder, 'log')).catch(() => Buffer.alloc(0))
  const lines = log.toString('utf8', from).trimEnd().split('\n').slice(-30)
  return lines.map(line => `    ${line}`).join('\n')
}
