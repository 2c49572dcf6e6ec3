import { glob, readdir, readFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../steps/root.ts'
import type { Package } from './rules.ts'
import { sourceFile } from './source-file.ts'

/** The packages of the checkout, with their sources parsed. */
export async function readPackages(): Promise<(Package & { folder: string })[]> {
  const folders = (await readdir(join(root, 'packages'))).toSorted()
  return Promise.all(
    folders.filter(folder => existsSync(join(root, 'packages', folder, 'package.json'))).map(readPackage),
  )
}

async function readPackage(folder: string): Promise<Package & { folder: string }> {
  const home = join(root, 'packages', folder)
  const manifest = JSON.parse(await readFile(join(home, 'package.json'), 'utf8')) as Manifest
  const paths: string[] = []
  for await (const path of glob('**/*.ts', { cwd: join(home, 'src') })) paths.push(path)
  const namesIn = (list: Readonly<Record<string, string>> = {}) => Object.keys(list)
  return {
    folder,
    name: manifest.name,
    dependencies: namesIn(manifest.dependencies),
    declared: [manifest.dependencies, manifest.peerDependencies, manifest.optionalDependencies].flatMap(namesIn),
    files: await Promise.all(
      paths.toSorted().map(async path => {
        return sourceFile(path.replaceAll('\\', '/'), await readFile(join(home, 'src', path), 'utf8'))
      }),
    ),
  }
}

interface Manifest {
  readonly name: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}
