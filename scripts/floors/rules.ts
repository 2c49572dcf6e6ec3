import { isBuiltin } from 'node:module'
import { findCycles } from './cycles.ts'
import { resolve, type SourceFile } from './source-file.ts'

/** Where each part of a package stands. See the table in `scripts/floors.ts`. */
export interface PackageFloors {
  /**
   * From the ground up. A row's names are files (without `.ts`) or folders in `src`; several joined by `+` may know each
   * other. A package without rows has no floors inside.
   */
  readonly rows?: readonly (readonly string[])[]
  /** Folders and files (without `.ts`) that do no IO and read no clock. */
  readonly pure?: readonly string[]
  /** Folders and files (without `.ts`) that read no clock and set no timer, so that a virtual clock drives them. */
  readonly timeless?: readonly string[]
  /** The other packages of ours that it may import, `*` for all, and where only some files may, or only by `import()`. */
  readonly ours?: Readonly<Record<string, Leave>>
  /** Holds it to no dependencies at all. */
  readonly standsAlone?: true
}

export interface Leave {
  readonly only?: readonly string[]
  readonly how?: 'dynamic'
}

export interface Package {
  /** As imported: `@millrace/zeromq`. */
  readonly name: string
  /** Every name that its package.json lets its sources import. */
  readonly declared: readonly string[]
  /** Of these, what is installed with it. */
  readonly dependencies: readonly string[]
  readonly files: readonly SourceFile[]
}

export interface Problem {
  /** From the package's `src`. */
  readonly path: string
  readonly line: number
  readonly text: string
}

/** The bound of STYLE.md. */
export const longestFile = 500

/** Everything in one package that is not where it should be. */
export function problemsIn(checked: Package, floors: PackageFloors): Problem[] {
  return [
    ...dependencies(checked, floors),
    ...findCycles(checked.files).map(ring => ({ path: ring[0] ?? '', line: 1, text: `an import cycle: ${ring.join(' → ')}` })), // prettier-ignore
    ...checked.files.flatMap(file => [
      ...file.wrong.map(text => ({ path: file.path, line: 1, text: `cannot be read: ${text}` })),
      ...tooLong(file),
      ...badName(file),
      ...undeclared(checked, file),
      ...upward(file, floors),
      ...impure(file, floors),
      ...untimely(file, floors),
      ...ours(checked, file, floors),
    ]),
  ]
}

function dependencies({ name, dependencies }: Package, { standsAlone }: PackageFloors): Problem[] {
  if (!standsAlone || dependencies.length === 0) return []
  return [{ path: '../package.json', line: 1, text: `${name} has no dependencies: ${dependencies.join(', ')}` }]
}

export function tooLong({ path, lines }: Pick<SourceFile, 'path' | 'lines'>): Problem[] {
  if (lines <= longestFile) return []
  return [{ path, line: longestFile, text: `${lines} lines: look for the second idea in it (${longestFile} at most)` }]
}

const meaningless = new Set([
  'utils',
  'util',
  'helpers',
  'helper',
  'common',
  'types',
  'base',
  'impl',
  'manager',
  'misc',
])

/** A name that says nothing: the file should be called after its idea. */
export function badName({ path }: Pick<SourceFile, 'path'>): Problem[] {
  const names = path.split('/').flatMap(part => part.replace(/(\.d)?\.[cm]?[jt]s$/, '').split('.'))
  const bad = names.find(name => meaningless.has(name))
  return bad === undefined ? [] : [{ path, line: 1, text: `'${bad}' says nothing: name it after its idea` }]
}

function undeclared({ name, declared }: Package, { path, imports }: SourceFile): Problem[] {
  return imports.flatMap(({ from, line }) => {
    const target = packageOf(from)
    if (target === undefined || target === name || declared.includes(target)) return []
    return [{ path, line, text: `imports '${target}', which is in no list of its package.json` }]
  })
}

function upward(file: SourceFile, { rows }: PackageFloors): Problem[] {
  if (rows === undefined) return []
  const place = placeOf(file.path, rows)
  if (place === undefined) {
    const text = `'${headOf(file.path)}' has no floor: give it one in the table of scripts/floors.ts`
    return [{ path: file.path, line: 1, text }]
  }
  return file.imports.flatMap(({ from, line }) => {
    const target = resolve(file.path, from)
    const other = target === undefined ? undefined : placeOf(target, rows)
    if (other === undefined || other.room === place.room || other.row < place.row) return []
    const how = other.row > place.row ? 'stands above it' : 'stands beside it'
    return [{ path: file.path, line, text: `imports '${target}', which ${how}` }]
  })
}

const clocks = new Set(['Date.now', 'new Date()', 'performance.now', 'setTimeout', 'setInterval'])

function untimely(file: SourceFile, { timeless = [] }: PackageFloors): Problem[] {
  if (!timeless.includes(headOf(file.path))) return []
  return file.impure
    .filter(({ name }) => clocks.has(name))
    .map(({ name, line }) => ({
      path: file.path,
      line,
      text: `uses ${name}: its time comes from a clock that is passed in`,
    }))
}

function impure(file: SourceFile, { pure = [] }: PackageFloors): Problem[] {
  if (!pure.includes(headOf(file.path))) return []
  const where = { path: file.path }
  return [
    ...file.imports
      .filter(({ from }) => isBuiltin(from))
      .map(({ from, line }) => ({
        ...where,
        line,
        text: `imports '${from}': '${headOf(file.path)}' is pure, pass it in`,
      })),
    ...file.impure.map(({ name, line }) => ({ ...where, line, text: `uses ${name}: '${headOf(file.path)}' is pure, pass it in` })), // prettier-ignore
  ]
}

function ours(checked: Package, { path, imports }: SourceFile, floors: PackageFloors): Problem[] {
  return imports.flatMap(({ from, kind, line }) => {
    const target = packageOf(from)
    if (target === undefined || target === checked.name || !isOurs(target)) return []
    const leave = floors.ours?.[target] ?? floors.ours?.['*']
    const problem = (text: string) => [{ path, line, text: `imports '${target}'${text}` }]
    if (leave === undefined) return problem(', which stands above or beside it')
    if (leave.only && !leave.only.includes(path)) return problem(`: only ${leave.only.join(', ')} may`)
    if (leave.how === 'dynamic' && kind !== 'dynamic') return problem(' other than by import()')
    return []
  })
}

const isOurs = (name: string): boolean => name === 'millrace' || name.startsWith('@millrace/')

/** `millrace/adapter` → `millrace`; undefined for what is no package: a path, a built-in module, a computed name. */
function packageOf(from: string): string | undefined {
  if (from === '' || from.startsWith('.') || from.startsWith('/') || isBuiltin(from)) return undefined
  return from.split('/').slice(0, from.startsWith('@') ? 2 : 1).join('/') // prettier-ignore
}

const headOf = (path: string): string => (path.split('/')[0] ?? path).replace(/\.ts$/, '')

/** The room whose name is nearest to the file: `router/topic` comes before `router`. */
function placeOf(path: string, rows: readonly (readonly string[])[]): { row: number; room: string } | undefined {
  const file = path.replace(/\.ts$/, '')
  const rooms = rows.flatMap((names, row) => names.map(room => ({ row, room })))
  const found = rooms.flatMap(({ row, room }) =>
    room.split('+').flatMap(name => (file === name || file.startsWith(`${name}/`) ? [{ row, room, name }] : [])),
  )
  return found.toSorted((a, b) => b.name.length - a.name.length)[0]
}
