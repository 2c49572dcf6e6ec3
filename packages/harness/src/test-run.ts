import { readdir, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { isAlive, liveProcess } from './live-process.ts'
import { sharedFolder, sharedServers, stopShared } from './shared-instance.ts'

/**
 * Vitest's global set-up: one run's tests share servers that only they use, with empty data, and that end with the run.
 * A set that `$MILLRACE_BROKERS` names is used instead, and left as it is.
 */
export default async function testRun(): Promise<(() => Promise<void>) | undefined> {
  if (process.env['MILLRACE_BROKERS']) return undefined
  // The start time is in the name: a later process with this pid is then not taken for this one.
  const mine = `test-${process.pid}-${encodeURIComponent(liveProcess(process.pid)?.started ?? '')}`
  process.env['MILLRACE_BROKERS'] = mine
  const sets = await readdir(dirname(sharedFolder())).catch(() => [])
  for (const set of sets.filter(isOver)) await endSet(set)
  return () => endSet(mine)
}

async function endSet(set: string): Promise<void> {
  for (const server of await sharedServers(set)) await stopShared(server.folder, { clear: true })
  await rm(sharedFolder(set), { recursive: true, force: true })
}

/** Whether it is the set of a run that was killed. */
function isOver(set: string): boolean {
  const [, pid, started] = /^test-(\d+)-(.*)$/.exec(set) ?? []
  return (
    pid !== undefined && started !== undefined && !isAlive({ pid: Number(pid), started: decodeURIComponent(started) })
  )
}
