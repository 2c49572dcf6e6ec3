import { readFileSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'

/** A process that cannot be mistaken for a later one with the same number: the number, and when it was started. */
export interface LiveProcess {
  readonly pid: number
  /** Opaque: differs between two processes that had the same pid. */
  readonly started: string
}

/** The process with this pid, or nothing where there is none (one that ended and was not yet reaped counts as none). */
export function liveProcess(pid: number): LiveProcess | undefined {
  const started = process.platform === 'linux' ? startedLinux(pid) : startedElsewhere(pid)
  return started === undefined ? undefined : { pid, started }
}

/** Whether that very process still runs. */
export function isAlive(one: LiveProcess): boolean {
  return liveProcess(one.pid)?.started === one.started
}

/** Sends a signal to that very process, and to its group where it leads one; false where it is gone. */
export function signalProcess(one: LiveProcess, signal: NodeJS.Signals, scope: 'one' | 'group' = 'one'): boolean {
  if (!isAlive(one)) return false
  try {
    return process.kill(scope === 'group' ? -one.pid : one.pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
    throw error
  }
}

/** Resolves to true when that very process has ended, to false after `timeout` milliseconds. */
export async function whenGone(one: LiveProcess, timeout: number): Promise<boolean> {
  const until = Date.now() + timeout
  // A process that is not our child tells nobody that it ends, so this looks again and again.
  for (let pause = 2; isAlive(one); pause = Math.min(pause * 2, 50)) {
    if (Date.now() >= until) return false
    await sleep(pause)
  }
  return true
}

function startedLinux(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The name in parentheses may itself hold spaces and parentheses: the fields begin after the last one.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    // The first thread of a killed process is a zombie while others still end, and hold its ports: it is gone when it is the only one left.
    const ended = fields[0] === 'Z' || fields[0] === 'X'
    if (ended && Number(fields[17]) <= 1) return undefined
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()
    return `${boot}:${fields[19]}`
  } catch {
    return undefined
  }
}

function startedElsewhere(pid: number): string | undefined {
  const { stdout, status } = spawnSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { encoding: 'utf8' })
  const [, state, started] = /^\s*(\S+)\s+(.+?)\s*$/.exec(stdout ?? '') ?? []
  return status !== 0 || state === undefined || state.startsWith('Z') ? undefined : started
}
