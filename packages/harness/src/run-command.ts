import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { access, constants } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { HarnessError } from './error.ts'

export interface RunOptions {
  readonly cwd?: string
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>
  /** Exit codes that are a success; 0 unless given. */
  readonly accept?: readonly number[]
  /** Gets every line of both outputs as it comes. */
  readonly onLine?: (line: string) => void
  /** Milliseconds until it is killed; 20 minutes unless given. */
  readonly timeout?: number
}

/** Runs a program to its end and resolves with its standard output. Rejects `COMMAND_FAILED`, with what it said at the end, where it fails. */
export async function runCommand(command: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const { cwd, env, onLine, accept = [0], timeout = 20 * 60_000 } = options
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout,
  })
  const out: string[] = []
  const last: string[] = []
  const ended = new Promise<number | string>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve(code ?? signal ?? 'unknown'))
  })
  createInterface(child.stdout).on('line', line => {
    out.push(line)
    take(line)
  })
  createInterface(child.stderr).on('line', take)

  let end: number | string
  try {
    end = await ended
  } catch (cause) {
    throw new HarnessError('COMMAND_FAILED', `cannot run '${command}': ${(cause as Error).message}`, { cause })
  }
  if (typeof end === 'number' && accept.includes(end)) return out.join('\n')
  const blamed = last.filter(line => /^(E:|\[?error\W+\S)/i.test(line)).slice(0, 3)
  const said = (blamed.length > 0 ? blamed : last).map(line => `    ${line}`).join('\n')
  throw new HarnessError(
    'COMMAND_FAILED',
    `'${command} ${args[0] ?? ''}' failed (${end}); it said at the end:\n${said}`,
  )

  function take(line: string): void {
    last.push(line)
    if (last.length > 12) last.shift()
    onLine?.(line)
  }
}

/** Where a program is on the PATH, or nothing. */
export async function findProgram(name: string): Promise<string | undefined> {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const path = join(folder, name)
    if (
      await access(path, constants.X_OK).then(
        () => true,
        () => false,
      )
    )
      return path
  }
  return undefined
}
