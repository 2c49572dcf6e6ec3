import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isAlive, liveProcess } from './live-process.ts'
import type { LiveProcess } from './live-process.ts'

/**
 * Runs `work` while no other process (and nothing else in this one) holds the lock file `path`.
 * A lock whose holder has died is taken over. Waits without limit: the holder may be downloading.
 */
export async function locked<T>(path: string, work: () => Promise<T>, onWait?: () => void): Promise<T> {
  await mkdir(dirname(path), { recursive: true })
  const me = JSON.stringify(liveProcess(process.pid))
  for (let tries = 0; !(await taken(path, me)); tries++) {
    if (tries === 10) onWait?.()
    await sleep(50)
  }
  try {
    return await work()
  } finally {
    await rm(path, { force: true })
  }
}

async function taken(path: string, me: string): Promise<boolean> {
  try {
    await writeFile(path, me, { flag: 'wx' })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  const found = await readFile(path, 'utf8').catch(() => '')
  if (found === '' || holderLives(found)) return false
  // Of several that see the same dead holder one wins the rename; what it renamed may already be a new lock, so it looks.
  const aside = `${path}.${process.pid}.stale`
  await rename(path, aside).catch(() => undefined)
  const renamed = await readFile(aside, 'utf8').catch(() => '')
  if (renamed !== '' && holderLives(renamed)) await rename(aside, path).catch(() => undefined)
  await rm(aside, { force: true })
  return false
}

function holderLives(lock: string): boolean {
  try {
    return isAlive(JSON.parse(lock) as LiveProcess)
  } catch {
    return true // being written at this moment
  }
}
