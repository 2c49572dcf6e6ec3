import { execFileSync } from 'node:child_process'
import { copyFileSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { readManifests, type Manifest } from '../build/manifests.ts'
import { fetchBinary } from '../start/binary.mjs'
import { npm } from '../start/npm.mjs'
import { runNode, tool } from './command.ts'
import { failed, passed, skipped, sum, type Outcome } from './outcome.ts'
import { cache, root } from './root.ts'
import { fileSnippets } from './snippets.ts'
import type { Step } from './step.ts'

const home = join(cache, 'packed')
const user = join(home, 'user')

/** What a package may hold: nothing that leads to files which stay behind, such as source maps. */
const expected = /^(package\.json|README\.md|LICENSE|dist\/.*\.(js|d\.ts))$/

/**
 * The packages as npm would publish them, unpacked beside a program of somebody who has nothing else of ours: what is
 * in them, whether each entry can be imported and required, and its types under each of TypeScript's resolutions; in
 * full with the oldest TypeScript, too. They have to be built.
 */
export function packed({ full }: { full: boolean }): Step {
  return {
    name: 'packed',
    async run() {
      const manifests = (await readManifests()).filter(isPublished)
      const files = await unpack(manifests)
      return sum([
        ...manifests.map(one => contents(one, files.get(one.name) ?? [])),
        ...(await entries(manifests)),
        ...(await types(manifests, [tool('typescript/bin/tsc')], ['nodenext', 'node16', 'bundler'])),
        await pasted(),
        ...(full ? await oldTypes(manifests) : []),
      ])
    },
  }
}

function isPublished({ home: folder }: Manifest): boolean {
  const { private: ours } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { private?: boolean }
  return ours !== true
}

/** Packs and unpacks; each package's files by its name. `zeromq` is ours, as who switches installs it. */
async function unpack(manifests: readonly Manifest[]): Promise<Map<string, string[]>> {
  rmSync(home, { recursive: true, force: true })
  mkdirSync(user, { recursive: true })
  const which = manifests.flatMap(({ home: folder }) => ['--workspace', `packages/${basename(folder)}`])
  const args = ['pack', ...which, '--pack-destination', home]
  await npm(args, { node: process.execPath, cwd: root, env: process.env, doing: 'packing the packages' })
  const files = new Map<string, string[]>()
  for (const { name } of manifests) {
    const [archive = ''] = globSync(`${name.replace('@', '').replace('/', '-')}-[0-9]*.tgz`, { cwd: home })
    const into = place(name)
    for (const folder of name === '@millrace/zeromq' ? [into, place('zeromq')] : [into]) {
      mkdirSync(folder, { recursive: true })
      execFileSync('tar', ['-xzf', join(home, archive), '-C', folder, '--strip-components=1'])
    }
    const all = globSync('**/*', { cwd: into, withFileTypes: true }).filter(entry => entry.isFile())
    files.set(
      name,
      all.map(entry => join(entry.parentPath, entry.name).slice(into.length + 1).replaceAll('\\', '/')), // prettier-ignore
    )
  }
  return files
}

const place = (name: string): string => join(user, 'node_modules', ...name.split('/'))

function contents({ name }: Manifest, files: readonly string[]): Outcome {
  const strange = files.filter(file => !expected.test(file))
  const missing = ['package.json', 'README.md', 'LICENSE'].filter(file => !files.includes(file))
  const dangling = files.filter(
    file => file.startsWith('dist/') && readFileSync(join(place(name), file), 'utf8').includes('sourceMappingURL='),
  )
  const loose = files.filter(file => file.endsWith('.d.ts') && hasAny(readFileSync(join(place(name), file), 'utf8')))
  const complaints = [
    ...strange.map(file => `has ${file}`),
    ...missing.map(file => `has no ${file}`),
    ...dangling.map(file => `${file} names a source map that is not there`),
    ...loose.map(file => `${file} has 'any' for a type`),
  ]
  return complaints.length === 0 ? passed() : failed(complaints.map(text => `${name}, packed: ${text}`).join('\n'))
}

/** Whether `any` stands where a type does: not in a comment, a string or a name. */
export function hasAny(declarations: string): boolean {
  const code = declarations.replaceAll(/\/\*.*?\*\/|\/\/[^\n]*|'[^'\n]*'|"[^"\n]*"/gs, '')
  return /(?:[:<|&,=([>]|\b(?:extends|keyof|is|infer))\s*any\b(?!\s*[(:?])/.test(code)
}

/** Each entry imported and required, in a process for each package. */
async function entries(manifests: readonly Manifest[]): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  for (const { name, entries: all } of manifests) {
    const script = join(user, `${name.replaceAll('/', '-')}.mjs`)
    writeFileSync(script, `const entries = ${JSON.stringify(all)}\n${LOAD}`)
    const { code, output } = await runNode([script], { cwd: user, env: { NODE_OPTIONS: undefined }, timeout: 30_000 })
    outcomes.push(code === 0 ? passed() : failed(`${name}, packed, cannot be loaded:\n${output}`))
  }
  return outcomes
}

const LOAD = `import { createRequire } from 'node:module'
const require = createRequire(import.meta.url)
for (const entry of entries) {
  const [imported, required] = [await import(entry), require(entry)]
  const missing = Object.keys(imported).filter(name => !(name in required))
  if (missing.length > 0 || Object.keys(imported).length === 0) throw new Error(entry + ' gives require less: ' + missing)
}
`

/**
 * A module that imports every entry, and a program for the `zeromq` package, under settings as strict as users have.
 * Complaints about the clients of other vendors are theirs.
 */
async function types(
  manifests: readonly Manifest[],
  compiler: readonly string[],
  resolutions: readonly string[],
  options: Readonly<Record<string, unknown>> = {},
): Promise<Outcome[]> {
  const every = manifests.flatMap(manifest => manifest.entries)
  const lines = every.map(
    (entry, i) => `import * as m${i} from '${entry}'\nexport const names${i} = Object.keys(m${i})`,
  )
  writeFileSync(join(user, 'entries.ts'), `${lines.join('\n')}\n`)
  copyFileSync(join(root, 'packages/zeromq/test/parity/v6-program.ts'), join(user, 'v6-program.ts'))
  writeFileSync(join(user, 'package.json'), '{ "private": true, "type": "module" }\n')
  const outcomes: Outcome[] = []
  for (const resolution of resolutions) {
    const config = join(user, 'tsconfig.json')
    const module = { bundler: 'esnext', node10: 'commonjs' }[resolution] ?? resolution
    writeFileSync(config, JSON.stringify({ compilerOptions: { ...strict, module, moduleResolution: resolution, ...options }, files })) // prettier-ignore
    const { code, output } = await runNode([...compiler, '-p', config, '--pretty', 'false'], { cwd: user })
    const ours = output.split('\n').filter(line => /^(\w|node_modules[\\/](@?millrace|zeromq)).*error TS/.test(line))
    const settled = code === 0 || /error TS/.test(output)
    outcomes.push(settled && ours.length === 0 ? passed() : failed(`types of the packed packages, ${resolution}:\n${ours.join('\n') || output}`)) // prettier-ignore
  }
  return outcomes
}

const files = ['entries.ts', 'v6-program.ts']

const strict = {
  target: 'es2022',
  lib: ['es2022'],
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: false,
  isolatedModules: true,
  verbatimModuleSyntax: true,
  skipLibCheck: false,
  noEmit: true,
  // What TypeScript 6 and 7 have by themselves: then no package may need Node's types without saying so.
  types: [],
}

/** Every snippet of the documents, as who pastes it into a program of theirs compiles it: as `tsc --init` would have it. */
async function pasted(): Promise<Outcome> {
  const folder = join(user, 'pasted')
  mkdirSync(folder)
  await fileSnippets(folder)
  const compilerOptions = {
    target: 'esnext',
    module: 'nodenext',
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: true,
    noEmit: true,
    types: ['node'],
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }))
  const { code, output } = await runNode([tool('typescript/bin/tsc'), '-p', folder, '--pretty', 'false'], {
    cwd: folder,
  })
  return code === 0 ? passed() : failed(`snippets beside the packed packages, in .cache/packed/user/pasted:\n${output}`)
}

/** TypeScript of 2024, with what CommonJS programs of then have, too. */
async function oldTypes(manifests: readonly Manifest[]): Promise<Outcome[]> {
  let compiler: string
  try {
    compiler = await fetchBinary({
      folder: 'typescript-5.4',
      name: 'typescript',
      version: '5.4',
      path: 'bin/tsc',
      says: 'Version 5.4',
      title: 'TypeScript 5.4',
    })
  } catch (error) {
    return [skipped('types of the packed packages, TypeScript 5.4', error instanceof Error ? error.message : String(error))] // prettier-ignore
  }
  const node = { types: ['node'] }
  return [
    ...(await types(manifests, [compiler], ['nodenext', 'bundler'], node)),
    // The client of NATS cannot be found this way.
    ...(await types(manifests.filter(({ name }) => name !== '@millrace/nats'), [compiler], ['node10'], { ...node, verbatimModuleSyntax: false })), // prettier-ignore
  ]
}
