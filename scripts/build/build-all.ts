import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, cp, glob, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { failed, passed, type Outcome } from '../steps/outcome.ts'
import { cache, root } from '../steps/root.ts'
import { compile } from './compile.ts'
import { readManifests, type Manifest } from './manifests.ts'

export interface Built {
  readonly name: string
  /** False where nothing had changed since the last time. */
  readonly built: boolean
  readonly seconds: number
  readonly outcome: Outcome
}

/** Builds each package, after those that it imports. What did not change since its last build is left alone. */
export async function* buildAll(): AsyncGenerator<Built> {
  const digests = new Map<string, string>()
  const broken = new Set<string>()
  for (const manifest of inOrder(await readManifests())) {
    const { name, home } = manifest
    const started = performance.now()
    const digest = await digestOf(manifest, digests)
    digests.set(name, digest)
    const stamp = join(cache, 'build', `${name.replace('/', '-')}.built`)
    const current = existsSync(stamp) && existsSync(join(home, 'dist')) && (await readFile(stamp, 'utf8')) === digest
    const missing = manifest.imports.find(other => broken.has(other))
    const outcome = missing
      ? failed(`needs ${missing}, which did not build`)
      : current
        ? passed()
        : await build(manifest)
    if (outcome.failed === 0) await writeFile(stamp, digest)
    else broken.add(name)
    yield { name, built: !current, seconds: (performance.now() - started) / 1000, outcome }
  }
}

/** Beside the old one first, so that whoever imports the package meanwhile gets the old or the new, not a part. */
async function build({ home, commands }: Manifest): Promise<Outcome> {
  const next = join(home, 'dist.next')
  await rm(next, { recursive: true, force: true })
  const outcome = await compile(home, next)
  if (outcome.failed === 0) {
    await copyAssets(join(home, 'src'), next)
    await rm(join(home, 'dist'), { recursive: true, force: true })
    await rename(next, join(home, 'dist'))
    for (const command of commands) await chmod(join(home, command), 0o755)
  }
  await rm(next, { recursive: true, force: true })
  return outcome
}

/** What stands beside the sources and is read at run time: pages, styles, proto files. */
async function copyAssets(source: string, out: string): Promise<void> {
  for await (const entry of glob('**/*', { cwd: source, withFileTypes: true })) {
    if (!entry.isFile() || entry.name.endsWith('.ts')) continue
    const from = join(entry.parentPath, entry.name)
    const to = join(out, from.slice(source.length))
    await mkdir(dirname(to), { recursive: true })
    await cp(from, to)
  }
}

/** A number that changes with anything the package's build depends on. */
async function digestOf({ home, imports }: Manifest, digests: ReadonlyMap<string, string>): Promise<string> {
  const hash = createHash('sha256')
  const files: string[] = ['package.json']
  for await (const path of glob('src/**/*', { cwd: home, withFileTypes: true }))
    if (path.isFile()) files.push(join(path.parentPath, path.name).slice(home.length + 1))
  for (const file of files.toSorted()) hash.update(file).update(await readFile(join(home, file)))
  for (const file of ['tsconfig.json', 'tsconfig.build.json', 'package-lock.json'])
    hash.update(await readFile(join(root, file)))
  for (const name of imports) hash.update(digests.get(name) ?? '')
  return hash.digest('hex')
}

/** Each after those that it imports. */
export function inOrder<T extends { name: string; imports: readonly string[] }>(all: readonly T[]): T[] {
  const placed: T[] = []
  const place = (one: T, above: readonly string[]): void => {
    if (placed.includes(one)) return
    if (above.includes(one.name)) throw new Error(`packages import each other: ${[...above, one.name].join(' → ')}`)
    for (const other of all) if (one.imports.includes(other.name)) place(other, [...above, one.name])
    placed.push(one)
  }
  for (const one of all) place(one, [])
  return placed
}
