import { parseSync, Visitor } from 'rolldown/utils'

/** One file of a package, with what it imports; a pure view of its text. */
export interface SourceFile {
  /** From the package's `src`, with `/`: `wire/frame.ts`. */
  readonly path: string
  readonly lines: number
  /** Why it could not be read. */
  readonly wrong: readonly string[]
  readonly imports: readonly Import[]
  /** Where it asks the machine for the time, chance or the process: `Date.now`, `setTimeout`, `process`. */
  readonly impure: readonly { readonly name: string; readonly line: number }[]
}

export interface Import {
  /** As written: `./frame.ts`, `millrace`, `node:net`; empty where it is computed. */
  readonly from: string
  /** `type`: gone when it runs; `dynamic`: by `import()`. */
  readonly kind: 'value' | 'type' | 'dynamic'
  readonly line: number
}

/** Parses TypeScript. What is none has `wrong`. */
export function sourceFile(path: string, text: string): SourceFile {
  const { module, program, errors } = parseSync(path, text)
  const line = (offset: number) => text.slice(0, offset).split('\n').length
  const written = ({ value, start }: { value: string; start: number }, statement: number): Import => ({
    from: value,
    kind: /^(import|export)\s+type\b/.test(text.slice(statement, start)) ? 'type' : 'value',
    line: line(start),
  })
  return {
    path,
    lines: text.endsWith('\n') ? text.split('\n').length - 1 : text.split('\n').length,
    wrong: errors.map(error => error.message),
    imports: [
      ...module.staticImports.map(one => written(one.moduleRequest, one.start)),
      ...module.staticExports.flatMap(({ start, entries }) => {
        const request = entries[0]?.moduleRequest
        return request ? [written(request, start)] : []
      }),
      ...module.dynamicImports.map(({ moduleRequest: { start, end } }): Import => {
        const literal = /^(['"])(.*)\1$/.exec(text.slice(start, end))
        return { from: literal?.[2] ?? '', kind: 'dynamic', line: line(start) }
      }),
      ...typeImports(program).map(({ from, start }): Import => ({ from, kind: 'type', line: line(start) })),
    ],
    impure: impurities(program).map(({ name, start }) => ({ name, line: line(start) })),
  }
}

/** A relative import as a path from `src`; undefined for any other. */
export function resolve(path: string, from: string): string | undefined {
  if (!from.startsWith('.')) return undefined
  const parts = path.split('/').slice(0, -1)
  for (const part of from.split('/'))
    if (part === '..') parts.pop()
    else if (part !== '.') parts.push(part)
  return parts.join('/')
}

type Program = Parameters<Visitor['visit']>[0]

/** `import('./frame.ts').Frame`, written where a type stands. */
function typeImports(program: Program): { from: string; start: number }[] {
  const found: { from: string; start: number }[] = []
  new Visitor({
    TSImportType: node => {
      if (node.source.type === 'Literal') found.push({ from: String(node.source.value), start: node.start })
    },
  }).visit(program)
  return found
}

const impureMembers: Readonly<Record<string, readonly string[] | 'all'>> = {
  Date: ['now'],
  Math: ['random'],
  performance: 'all',
  process: 'all',
  crypto: ['getRandomValues', 'randomUUID', 'subtle'],
}
const impureCalls = new Set(['setTimeout', 'setInterval', 'setImmediate', 'fetch'])

/** By name alone: a local thing that is called `performance` is better called otherwise. */
function impurities(program: Program): { name: string; start: number }[] {
  const found: { name: string; start: number }[] = []
  new Visitor({
    MemberExpression: node => {
      if (node.object.type !== 'Identifier' || node.property.type !== 'Identifier') return
      const members = Object.hasOwn(impureMembers, node.object.name) ? impureMembers[node.object.name] : undefined
      if (members === undefined || (members !== 'all' && !members.includes(node.property.name))) return
      found.push({ name: `${node.object.name}.${node.property.name}`, start: node.start })
    },
    CallExpression: node => {
      if (node.callee.type === 'Identifier' && impureCalls.has(node.callee.name))
        found.push({ name: node.callee.name, start: node.start })
    },
    NewExpression: node => {
      if (node.callee.type === 'Identifier' && node.callee.name === 'Date' && node.arguments.length === 0)
        found.push({ name: 'new Date()', start: node.start })
    },
  }).visit(program)
  return found
}
