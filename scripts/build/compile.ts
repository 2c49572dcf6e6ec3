import { mkdirSync, writeFileSync } from 'node:fs'
import { basename, join, relative } from 'node:path'
import { tool, verdict } from '../steps/command.ts'
import { failed, type Outcome } from '../steps/outcome.ts'
import { cache, root } from '../steps/root.ts'
import { joinModules } from './join-modules.ts'

/** Packages whose modules are joined: those that are imported at every start and have no dependencies. */
const joined = new Set(['core'])

/** Compiles one package's `src` into a folder: JavaScript that plain Node 22.15 runs, and declarations. */
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
  const outcome = await verdict([tool('typescript/bin/tsc'), '-p', config, '--pretty', 'false'])
  if (outcome.failed > 0 || !joined.has(basename(home))) return outcome
  try {
    await joinModules(home, out)
    return outcome
  } catch (error) {
    return failed(String(error))
  }
}
