import { existsSync } from 'node:fs'
import { glob, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { root } from '../steps/root.ts'
import type { Package } from './rules.ts'
import { sourceFile } from './source-file.ts'

export interface Found extends Package {
  /** The package's folder in `packages`, or the folder at the root. */
  readonly folder: string
  /** Where its files stand, from the root: `packages/core/src`. */
  readonly sources: string
}

/** The packages of the checkout, and what stands beside them at its root, with their sources parsed. */
export async function readPackages(): Promise<Found[]> {
  const folders = (await readdir(join(root, 'packages'))).toSorted()
  const packages = folders.filter(folder => existsSync(join(root, 'packages', folder, 'package.json')))
  const inside = await Promise.all(packages.map(folder => read(folder, `packages/${folder}`, `packages/${folder}/src`)))
  const beside = await Promise.all(['scripts', 'bench', 'examples'].map(folder => read(folder, '.', folder)))
  // npm links every package of ours at the root, undeclared.
  const ours = inside.map(({ name }) => name)
  return [...inside, ...beside.map(one => ({ ...one, declared: [...one.declared, ...ours] }))]
}

async function read(folder: string, home: string, sources: string): Promise<Found> {
  const manifest = JSON.parse(await readFile(join(root, home, 'package.json'), 'utf8')) as Manifest
  const { name, dependencies = {}, peerDependencies, optionalDependencies, devDependencies } = manifest
  // What is at the root ships nothing: what it needs is installed for development.
  const development = home === '.' ? devDependencies : {}
  const paths: string[] = []
  for await (const path of glob('**/*.ts', { cwd: join(root, sources) })) paths.push(path.replaceAll('\\', '/'))
  return {
    folder,
    sources,
    name,
    dependencies: Object.keys(dependencies),
    declared: Object.keys({ ...dependencies, ...peerDependencies, ...optionalDependencies, ...development }),
    files: await Promise.all(
      paths.toSorted().map(async path => sourceFile(path, await readFile(join(root, sources, path), 'utf8'))),
    ),
  }
}

type Names = Readonly<Record<string, string>>

interface Manifest {
  readonly name: string
  readonly dependencies?: Names
  readonly peerDependencies?: Names
  readonly optionalDependencies?: Names
  readonly devDependencies?: Names
}
