import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { rolldown } from 'rolldown'

/**
 * Joins a package's compiled modules into one file for each entry and a few that they share. Loading a module costs
 * Node about a quarter of a millisecond however small it is: more than a hundred of them are felt at every start.
 * Declarations stay as they are. Only for packages without dependencies: everything else is left to the importer.
 */
export async function joinModules(home: string, out: string): Promise<void> {
  const { exports: entries } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as {
    exports: Record<string, string | { default: string }>
  }
  const input: Record<string, string> = {}
  for (const entry of Object.values(entries)) {
    if (typeof entry === 'string') continue
    const name = entry.default.replace(/^\.\/dist\//, '').replace(/\.js$/, '')
    input[name] = join(out, `${name}.js`)
  }
  const plugins = [{ name: 'plain imports', transform: plainImports }]
  const bundle = await rolldown({ input, cwd: out, external: /^[^./]/, treeshake: false, plugins })
  const { output } = await bundle.write({
    dir: out,
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: 'shared/[name].js',
  })
  await bundle.close()
  const made = new Set(output.map(({ fileName }) => fileName))
  for (const file of readdirSync(out, { recursive: true, encoding: 'utf8' }))
    if (file.endsWith('.js') && !made.has(file)) rmSync(join(out, file))
}

/**
 * tsc has a function of its own look at what is imported by a variable, in case that it is a relative path in TypeScript.
 * Ours are names of packages, and bundlers find what is meant for them in a plain import alone.
 */
export function plainImports(code: string): string {
  return code
    .replace(/^var __rewriteRelativeImportExtension = .*?^};\n/ms, '')
    .replaceAll(/\bimport\(__rewriteRelativeImportExtension\(([^()]*)\)\)/g, 'import($1)')
}
