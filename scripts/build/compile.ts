import { mkdirSync, writeFileSync } from 'node:fs'
import { basename, join, relative } from 'node:path'
import { tool, verdict } from '../steps/command.ts'
import type { Outcome } from '../steps/outcome.ts'
import { cache, root } from '../steps/root.ts'

/** Compiles one package's `src` into a folder: JavaScript that plain Node 22.15 runs, declarations, and their maps. */
export async function compile(home: string, out: string): Promise<Outcome> {
  const folder = join(cache, 'build')
  const config = join(folder, `${basename(home)}-${basename(out)}.json`)
  mkdirSync(folder, { recursive: true })
  const source = join(home, 'src')
  const settings = {
    extends: relative(folder, join(root, 'tsconfig.build.json')),
    compilerOptions: { rootDir: source, outDir: out },
    include: [source],
  }
  writeFileSync(config, JSON.stringify(settings))
  return verdict([tool('typescript/bin/tsc'), '-p', config, '--pretty', 'false'])
}
