import { spawn, type ChildProcess } from 'node:child_process'
import { constants } from 'node:os'
import { join } from 'node:path'
import { failed, passed, type Outcome } from './outcome.ts'
import { root } from './root.ts'

export interface CommandResult {
  /** The exit code; 1 where a signal ended it. */
  readonly code: number
  readonly stdout: string
  /** Both streams as they came. */
  readonly output: string
}

export interface CommandOptions {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Shows its output while it works, besides keeping it. */
  readonly live?: boolean
  /** Milliseconds; then it is killed and has failed. */
  readonly timeout?: number
  /** Another Node than ours. */
  readonly node?: string
}

/** Runs Node with these arguments, to its end. Never rejects on a bad exit. */
export function runNode(args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const { cwd = root, env, live = false, timeout = 15 * 60_000, node = process.execPath } = options
  return new Promise((resolve, reject) => {
    const child = spawn(node, args, {
      cwd,
      env: { ...process.env, ...colours, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout,
    })
    const relays = endWith(child)
    let stdout = ''
    let output = ''
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      stdout += chunk
      output += chunk
      if (live) process.stdout.write(chunk)
    })
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk
      if (live) process.stderr.write(chunk)
    })
    child.on('error', reject)
    child.on('close', (code, signal) => {
      relays.off()
      if (signal !== null) output += `\nended by ${signal} (a limit of ${timeout / 1000} s)\n`
      resolve({ code: code ?? 1, stdout, output })
    })
  })
}

// A tool that writes into a pipe should not colour it, whatever it believes.
const colours = process.stdout.isTTY ? {} : { NO_COLOR: '1', FORCE_COLOR: undefined }

/** Who is told to end takes what it started along. */
function endWith(child: ChildProcess): { off(): void } {
  const relays = (['SIGINT', 'SIGTERM', 'SIGHUP'] as const).map(signal => ({
    signal,
    relay: () => {
      child.kill(signal)
      process.exit(128 + constants.signals[signal])
    },
  }))
  for (const { signal, relay } of relays) process.on(signal, relay)
  return {
    off() {
      for (const { signal, relay } of relays) process.off(signal, relay)
    },
  }
}

/** The script that an installed tool's package names as its command. */
export const tool = (script: string): string => join(root, 'node_modules', script)

/** A tool's yes or no, by its exit code, as an outcome. */
export async function verdict(args: readonly string[], options?: CommandOptions): Promise<Outcome> {
  const { code, output } = await runNode(args, options)
  return code === 0 ? passed() : failed(output)
}
