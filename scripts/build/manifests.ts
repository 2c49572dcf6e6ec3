import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { root } from '../steps/root.ts'

/** What the build needs to know of a package. */
export interface Manifest {
  /** As imported: `@millrace/zeromq`. */
  readonly name: string
  /** Its folder. */
  readonly home: string
  /** The other packages of ours that its package.json names for its users. */
  readonly imports: readonly string[]
  /** What can be imported: `millrace`, `millrace/memory`. */
  readonly entries: readonly string[]
  /** The scripts behind its commands, from its folder. */
  readonly commands: readonly string[]
}

export async function readManifests(): Promise<Manifest[]> {
  const folder = join(root, 'packages')
  const homes = (await readdir(folder)).toSorted().map(name => join(folder, name))
  return Promise.all(homes.filter(home => existsSync(join(home, 'package.json'))).map(readManifest))
}

async function readManifest(home: string): Promise<Manifest> {
  const { name, dependencies, peerDependencies, exports, bin } = JSON.parse(
    await readFile(join(home, 'package.json'), 'utf8'),
  ) as PackageJson
  const named = Object.keys({ ...dependencies, ...peerDependencies })
  return {
    name,
    home,
    imports: named.filter(other => other === 'millrace' || other.startsWith('@millrace/')),
    entries: Object.keys(exports ?? {})
      .filter(entry => entry !== './package.json')
      .map(entry => name + entry.slice(1)),
    commands: typeof bin === 'string' ? [bin] : Object.values(bin ?? {}),
  }
}

interface PackageJson {
  readonly name: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly exports?: Readonly<Record<string, unknown>>
  readonly bin?: string | Readonly<Record<string, string>>
}
