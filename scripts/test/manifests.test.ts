import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { hasAny } from '../steps/packed.ts'
import { root } from '../steps/root.ts'

interface PackageJson {
  readonly name: string
  readonly private?: boolean
  readonly version: string
  readonly main?: string
  readonly types?: string
  readonly typesVersions?: { readonly '*': Readonly<Record<string, readonly string[]>> }
  readonly files: readonly string[]
  readonly publishConfig?: unknown
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>
  readonly peerDependencies?: Readonly<Record<string, string>>
}

const published = globSync('packages/*/package.json', { cwd: root })
  .map(file => ({ folder: dirname(file), manifest: read<PackageJson>(file) }))
  .filter(({ manifest }) => !manifest.private)
  .map(one => [one.manifest.name, one] as const)

function read<T>(file: string): T {
  return JSON.parse(readFileSync(join(root, file), 'utf8')) as T
}

/** By subpath: its conditions. */
function entriesOf({ exports }: PackageJson): [string, Readonly<Record<string, string>>][] {
  return Object.entries(exports).flatMap(([path, target]) => (typeof target === 'string' ? [] : [[path, target]]))
}

test.each(published)('%s has a source file behind each entry, and its types first', (_, { folder, manifest }) => {
  for (const [path, target] of entriesOf(manifest)) {
    const source = target['millrace-source'] ?? ''
    const built = source.replace('./src/', './dist/').replace(/\.ts$/, '')

    expect(existsSync(join(root, folder, source)), path).toBe(true)
    expect(Object.entries(target)).toEqual([
      ['millrace-source', source],
      ['types', `${built}.d.ts`],
      ['default', `${built}.js`],
    ])
  }
})

// TypeScript's `moduleResolution: node`, which goes with `module: commonjs` before TypeScript 6, reads no `exports`.
test.each(published)('%s is found where exports are not read, too', (_, { manifest }) => {
  const entries = entriesOf(manifest)
  const [, main] = entries.find(([path]) => path === '.') ?? []
  const others = entries.filter(([path]) => path !== '.')

  expect([manifest.main, manifest.types]).toEqual([main?.['default'], main?.['types']])
  expect(manifest.typesVersions?.['*'] ?? {}).toEqual(
    Object.fromEntries(others.map(([path, target]) => [path.slice(2), [target['types']]])),
  )
})

test.each(published)('%s has the version of all, for itself and for the core it stands on', (_, { manifest }) => {
  const { version } = read<PackageJson>('package.json')

  expect([manifest.version, manifest.peerDependencies?.['millrace'] ?? version]).toEqual([version, version])
})

// npm takes a package in a scope for a private one unless it is told.
test.each(published)('%s is published for all', (name, { manifest }) => {
  expect(manifest.publishConfig).toEqual(name.startsWith('@') ? { access: 'public' } : undefined)
})

test.each(published)("%s's README has no link that ends at the package's border", (_, { folder }) => {
  const page = readFileSync(join(root, folder, 'README.md'), 'utf8').replaceAll(/```.*?```/gs, '')
  const links = [...page.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link)
  const headings = [...page.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) => `#${slug(title)}`)

  expect(links.filter(link => !link.startsWith('https://') && !headings.includes(link))).toEqual([])
})

const slug = (title: string): string => title.toLowerCase().replaceAll(/[^\w\- ]/g, '').replaceAll(' ', '-') // prettier-ignore

test.each([
  ['a type', 'declare const a: any;', true],
  ['an argument of a generic', 'type A = Map<string, any>;', true],
  ['a comment', '/** in any order */ declare const a: string; // any', false],
  ['a string', "type A = 'any' | 'all'", false],
  ['a name', 'interface A { get any(): boolean; any: string; any(): void }', false],
])('any as %s is told from the type', (_, declarations, found) => {
  expect(hasAny(declarations)).toBe(found)
})
