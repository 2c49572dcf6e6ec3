import { access, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { locked } from './lock.ts'

/** Takes one line for a person to read: what is being downloaded, how far it is. */
export type Progress = (line: string) => void

/** The private folder that everything fetched and everything running lives in: `$MILLRACE_CACHE`, else `~/.cache/millrace`. */
export function cacheFolder(): string {
  return process.env['MILLRACE_CACHE'] || join(homedir(), '.cache', 'millrace')
}

/**
 * The folder `name` of the cache, filled by `fill` once and for all: a stamp beside it says that it is whole, a half-filled one is begun again.
 * Of several processes that want it at once, one fills it and the others wait.
 */
export async function cached(
  name: string,
  fill: (folder: string) => Promise<void>,
  say: Progress = () => undefined,
): Promise<string> {
  const folder = join(cacheFolder(), name)
  if (await isWhole(folder)) return folder
  return await locked(
    `${folder}.lock`,
    async () => {
      if (await isWhole(folder)) return folder
      await rm(folder, { recursive: true, force: true })
      await mkdir(folder, { recursive: true })
      await fill(folder)
      await writeFile(`${folder}.ok`, folder)
      return folder
    },
    () => say(`waiting for another process that is fetching ${name}`),
  )
}

// The stamp holds the path: what was patched to run from one place does not run after the cache has been moved.
async function isWhole(folder: string): Promise<boolean> {
  const stamp = await readFile(`${folder}.ok`, 'utf8').catch(() => '')
  return stamp === folder && (await exists(folder))
}

/** Whether there is a file or folder at `path`. */
export async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  )
}
