import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Program } from './pair.ts'

/** A rival that runs here, or why it does not. */
export type Rival =
  { readonly is: 'here'; readonly program: Program } | { readonly is: 'missing'; readonly reason: string }

const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'millrace', 'bench')
const sources = join(import.meta.dirname, 'rivals')

/** libzmq by a small C program over Debian's packages, unpacked into the cache folder; no root is needed. */
export function libzmq(log: (line: string) => void): Rival {
  const folder = join(cache, 'libzmq')
  const program = join(folder, 'rival')
  const source = join(sources, 'libzmq.c')
  const libraries = join(folder, 'root', 'usr', 'lib', debianTriplet())
  const env = { LD_LIBRARY_PATH: libraries }
  if (isNewer(program, [source])) return { is: 'here', program: { command: program, args: [], env } }
  for (const tool of ['gcc', 'apt-get', 'dpkg'])
    if (!works(tool)) return { is: 'missing', reason: `libzmq: no ${tool} here to build the C program with` }
  try {
    log('libzmq: fetching and building')
    const debs = join(folder, 'debs')
    mkdirSync(debs, { recursive: true })
    if (!existsSync(join(libraries, 'libzmq.so'))) {
      const packages = ['libzmq3-dev', 'libzmq5', 'libpgm-5.3-0', 'libnorm1', 'libsodium23', 'libbsd0', 'libmd0']
      run('apt-get', ['download', ...packages], debs)
      for (const deb of readdirSync(debs)) run('dpkg', ['-x', join(debs, deb), join(folder, 'root')], debs)
    }
    const include = `-I${join(folder, 'root', 'usr', 'include')}`
    run(
      'gcc',
      ['-O2', '-o', program, source, include, `-L${libraries}`, '-lzmq', '-lpthread', '-Wl,--allow-shlib-undefined'],
      folder,
    )
    return { is: 'here', program: { command: program, args: [], env } }
  } catch (error) {
    return { is: 'missing', reason: `libzmq: ${firstLine(error)}` }
  }
}

/** rzmq by a small Rust program over the crate, built by cargo into the cache folder. */
export function rzmq(log: (line: string) => void): Rival {
  const target = join(cache, 'rzmq')
  const program = join(target, 'release', 'rzmq-rival')
  const folder = join(sources, 'rzmq')
  const built: Rival = { is: 'here', program: { command: program, args: [] } }
  if (isNewer(program, [join(folder, 'src', 'main.rs'), join(folder, 'Cargo.toml')])) return built
  if (!works('cargo')) return { is: 'missing', reason: 'rzmq: no cargo here to build the Rust program with' }
  try {
    log('rzmq: building, which takes some minutes')
    run('nice', ['-n', '10', 'cargo', 'build', '--release', '--target-dir', target], folder)
    return built
  } catch (error) {
    return { is: 'missing', reason: `rzmq: ${firstLine(error)}` }
  }
}

function debianTriplet(): string {
  return process.arch === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu'
}

function isNewer(made: string, from: readonly string[]): boolean {
  return existsSync(made) && from.every(source => statSync(source).mtimeMs <= statSync(made).mtimeMs)
}

function works(tool: string): boolean {
  try {
    execFileSync(tool, ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

function run(command: string, args: readonly string[], cwd: string): void {
  execFileSync(command, args, { cwd, stdio: ['ignore', 'ignore', 'pipe'], timeout: 900_000 })
}

function firstLine(error: unknown): string {
  return String(error instanceof Error ? error.message : error).split('\n')[0] ?? 'unknown'
}
