import { createHash } from 'node:crypto'
import { copyFile, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { cached } from './cache.ts'
import type { Progress } from './cache.ts'
import { HarnessError } from './error.ts'
import { findProgram, runCommand } from './run-command.ts'

/** A small program of ours that drives another project's published package; its source is in `bench/rivals/`. */
export type RivalName = 'watermill' | 'kincir'

const builds: Readonly<Record<RivalName, Build>> = {
  watermill: { tool: 'go', args: folder => ['build', '-o', join(folder, 'watermill'), '.'], made: 'watermill' },
  kincir: {
    tool: 'cargo',
    args: folder => ['build', '--release', '--locked', '--target-dir', join(folder, 'target')],
    made: 'target/release/kincir-rival',
  },
}

interface Build {
  readonly tool: string
  readonly args: (folder: string) => string[]
  readonly made: string
}

/**
 * The path of that program, built into the cache where its source is new; say what takes so long through `say`.
 * Rejects `NOT_AVAILABLE` where the machine has no Go or no Cargo, or cannot get the packages.
 */
export async function rival(
  name: RivalName,
  say: Progress = line => process.stderr.write(`${line}\n`),
): Promise<string> {
  const { tool, args, made } = builds[name]
  const source = join(import.meta.dirname, '../../../bench/rivals', name)
  if (!(await findProgram(tool)))
    throw new HarnessError('NOT_AVAILABLE', `${name} is built with '${tool}', which is not on this machine`)
  const folder = await cached(
    `rivals/${name}-${await digest(source)}`,
    async target => {
      say(`${name}: building bench/rivals/${name} with ${tool}`)
      // Others work on this machine meanwhile, and this can take minutes.
      const nice = ['-n', '10', tool, ...args(target)]
      await runCommand('nice', nice, { cwd: source, onLine: progress(name, say) }).catch((cause: unknown) => {
        throw new HarnessError('NOT_AVAILABLE', `${name} cannot be built: ${(cause as Error).message}`, { cause })
      })
      await copyFile(join(target, made), join(target, 'program')).catch((cause: unknown) => {
        throw new HarnessError('NOT_AVAILABLE', `${tool} built no ${made}`, { cause })
      })
      await rm(join(target, made.split('/')[0]!), { recursive: true }) // a path has a first part
    },
    say,
  )
  return join(folder, 'program')
}

async function digest(source: string): Promise<string> {
  const hash = createHash('sha256')
  for (const entry of (await readdir(source, { recursive: true, withFileTypes: true })).toSorted((a, b) =>
    a.name < b.name ? -1 : 1,
  )) {
    if (entry.isFile()) hash.update(entry.name).update(await readFile(join(entry.parentPath, entry.name)))
  }
  return hash.digest('hex').slice(0, 12)
}

function progress(name: string, say: Progress): (line: string) => void {
  let told = Date.now()
  return line => {
    if (Date.now() - told < 5000) return
    told = Date.now()
    say(`${name}: ${line.trim()}`)
  }
}
