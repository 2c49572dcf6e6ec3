import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { buildAll } from '../build/build-all.ts'
import { readManifests } from '../build/manifests.ts'
import { fetchNode } from '../start/node.mjs'
import { runNode } from './command.ts'
import { failed, passed, sum, type Outcome } from './outcome.ts'
import { cache } from './root.ts'
import type { Step } from './step.ts'

/** Every package compiles. */
export const builds: Step = {
  name: 'build',
  async run() {
    const outcomes: Outcome[] = []
    for await (const { outcome } of buildAll()) outcomes.push(outcome)
    return sum(outcomes)
  },
}

/**
 * Every entry of every package can be imported, built, from a script of the checkout by plain Node: by ours, and in
 * full by Node 22, the oldest that the packages support.
 */
export function imports({ full }: { full: boolean }): Step {
  return {
    name: full ? 'imports, Node 22' : 'imports',
    async run() {
      const node = full ? await fetchNode(22) : process.execPath
      const folder = join(cache, 'imports')
      mkdirSync(folder, { recursive: true })
      const entries = (await readManifests()).flatMap(manifest => manifest.entries)
      const outcomes: Outcome[] = []
      for (const entry of entries) outcomes.push(await importOne(entry, folder, node))
      return sum(outcomes)
    },
  }
}

async function importOne(entry: string, folder: string, node: string): Promise<Outcome> {
  const script = join(folder, `${entry.replaceAll('/', '-')}.mjs`)
  writeFileSync(script, `await import('${entry}')\n`)
  const { code, output } = await runNode([script], { node, env: { NODE_OPTIONS: undefined }, timeout: 30_000 })
  if (code === 0) return passed()
  const reason = output.split('\n').find(line => /^\w*Error\b/.test(line)) ?? output
  return failed(`import '${entry}': ${reason}`)
}
