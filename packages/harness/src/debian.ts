import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cached, exists } from './cache.ts'
import type { Progress } from './cache.ts'
import { bindToPrefix, relink } from './debian-prefix.ts'
import { HarnessError } from './error.ts'
import { findProgram, runCommand } from './run-command.ts'

/** What to take from which Debian release. */
export interface DebianWish {
  /** Folder in the cache, for example `rabbitmq/4.0.5`. */
  readonly name: string
  readonly suite: 'bookworm' | 'trixie'
  readonly packages: readonly string[]
  /** Files and folders of the unpacked tree whose programs are run. */
  readonly programs: readonly string[]
  /** A last change to the unpacked tree. */
  readonly finish?: (root: string) => Promise<void>
}

/**
 * Unpacks Debian packages with everything they depend on, libc included, into a folder of the cache, without root and without touching the
 * machine's own packages, and makes their programs run from there. Needs apt-get and dpkg, and a package source of Debian in their lists.
 */
export async function debianPrefix(wish: DebianWish, say: Progress): Promise<string> {
  return await cached(wish.name, root => unpack(root, wish, say), say)
}

async function unpack(root: string, wish: DebianWish, say: Progress): Promise<void> {
  const { name, suite, packages, programs } = wish
  for (const tool of ['apt-get', 'dpkg-deb']) {
    if (await findProgram(tool)) continue
    throw new HarnessError('NOT_AVAILABLE', `${name} comes from Debian's packages, and this machine has no '${tool}'`)
  }
  const apt = join(root, '.apt')
  const env = { APT_CONFIG: await privateApt(apt, suite), LC_ALL: 'C' }
  say(`${name}: reading the package lists of Debian ${suite}`)
  await runCommand('apt-get', ['update', '-q'], { env })
  const wanted = ['--download-only', '--yes', '-q', 'install', ...packages, 'patchelf']
  await runCommand('apt-get', wanted, { env, onLine: downloadProgress(name, suite, say) })
  const archives = join(apt, 'cache', 'archives')
  const debs = (await readdir(archives)).filter(file => file.endsWith('.deb'))
  say(`${name}: unpacking ${debs.length} packages`)
  for (const deb of debs) await runCommand('dpkg-deb', ['-x', join(archives, deb), root])
  await rm(apt, { recursive: true, force: true })
  await relink(root)
  await bindToPrefix(root, programs)
  await wish.finish?.(root)
}

/** An apt that knows nothing of what is installed here and writes nowhere but in its folder; returns its configuration file. */
async function privateApt(apt: string, suite: string): Promise<string> {
  for (const folder of ['lists/partial', 'cache/archives/partial', 'state', 'logs', 'none'])
    await mkdir(join(apt, folder), { recursive: true })
  await writeFile(join(apt, 'state/status'), '')
  await writeFile(join(apt, 'sources.list'), await debianSources(suite))
  // Of the machine's own configuration only how it reaches its servers (a proxy, for one): the rest has hooks that work on the machine's folders.
  const reach = (await runCommand('apt-config', ['dump'])).split('\n').filter(line => line.startsWith('Acquire::'))
  const config = join(apt, 'apt.conf')
  await writeFile(
    config,
    `${reach.join('\n')}
Dir::Etc::main "/dev/null"; Dir::Etc::parts "${apt}/none";
Dir::Etc::sourcelist "${apt}/sources.list"; Dir::Etc::sourceparts "-"; Dir::Etc::preferences "/dev/null"; Dir::Etc::preferencesparts "-";
Dir::State "${apt}/state"; Dir::State::lists "${apt}/lists"; Dir::State::status "${apt}/state/status";
Dir::Cache "${apt}/cache"; Dir::Log "${apt}/logs"; APT::Install-Recommends "false"; APT::Sandbox::User "";
Debug::NoLocking "true"; Acquire::Languages "none"; Acquire::Retries "3"; APT::Update::Error-Mode "any";
`,
  )
  return config
}

/** The machine's own sources of Debian itself, with the release replaced. */
async function debianSources(suite: string): Promise<string> {
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '')
  const codename = /^VERSION_CODENAME=(\w+)/m.exec(release)?.[1] ?? 'stable'
  const here = new RegExp(`^(${codename}|stable)((-updates|-security)?)$`)
  const found = new Set<string>()
  for (const file of await sourceFiles()) {
    const text = await readFile(file, 'utf8')
    for (const source of file.endsWith('.sources') ? deb822(text) : oneLine(text)) {
      for (const name of source.suites) {
        const match = here.exec(name)
        if (match && /^debian\b/m.test(release.replace(/^ID="?/m, '')))
          found.add(`deb ${source.options} ${source.uri} ${suite}${match[2]} main`)
      }
    }
  }
  if (found.size > 0) return [...found].join('\n') + '\n'
  throw new HarnessError('NOT_AVAILABLE', `this machine's apt has no source of Debian itself to take ${suite} from`)
}

interface AptSource {
  readonly uri: string
  readonly suites: readonly string[]
  readonly options: string
}

async function sourceFiles(): Promise<string[]> {
  const parts = '/etc/apt/sources.list.d'
  const names = (await readdir(parts).catch(() => [])).filter(name => /\.(list|sources)$/.test(name))
  const all = ['/etc/apt/sources.list', ...names.map(name => join(parts, name))]
  const there = await Promise.all(all.map(exists))
  return all.filter((_, index) => there[index])
}

function deb822(text: string): AptSource[] {
  return text.split(/\n\s*\n/).flatMap(stanza => {
    const field = (name: string) => new RegExp(`^${name}:[ \\t]*(.+)$`, 'mi').exec(stanza)?.[1]?.trim() ?? ''
    if (!field('Types').split(/\s+/).includes('deb') || field('Enabled') === 'no') return []
    const suites = field('Suites').split(/\s+/)
    const options = field('Signed-By').startsWith('/') ? `[signed-by=${field('Signed-By')}]` : ''
    return field('URIs')
      .split(/\s+/)
      .map(uri => ({ uri, suites, options }))
  })
}

function oneLine(text: string): AptSource[] {
  return [...text.matchAll(/^[ \t]*deb[ \t]+(?:\[(.*?)\][ \t]+)?(\S+)[ \t]+(\S+)/gm)].map(([, options, uri, name]) => ({
    uri: uri!, // both groups are there wherever the expression matches
    suites: [name!],
    options: options ? `[${options.replace(/\barch=\S+/, '').trim()}]` : '',
  }))
}

function downloadProgress(name: string, suite: string, say: Progress): (line: string) => void {
  let count = 0
  let total = 0
  let size = ''
  let told = 0
  return line => {
    total = Number(/(\d+) newly installed/.exec(line)?.[1] ?? total)
    const need = /Need to get (\S+ \S+) of archives/.exec(line)?.[1]
    if (need) {
      size = need
      told = Date.now()
      say(`${name}: downloading ${total} packages of Debian ${suite}, ${size}`)
    }
    if (!line.startsWith('Get:')) return
    count += 1
    if (Date.now() - told < 2000) return
    told = Date.now()
    say(`${name}: package ${count} of ${total} (${size} in all)`)
  }
}
