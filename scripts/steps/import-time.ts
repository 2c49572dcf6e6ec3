import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { compile } from '../build/compile.ts'
import { runNode } from './command.ts'
import { failed, passed } from './outcome.ts'
import { cache, root } from './root.ts'
import type { Step } from './step.ts'

/** Milliseconds that `import 'millrace'` may take. */
const bound = 30
/** Tries at most. */
const runs = 20

/** Imports the core, compiled, in fresh processes. The best of them counts: the rest is the machine's other work. */
export const importTime: Step = {
  name: 'import time',
  async run() {
    const out = join(cache, 'check', 'core')
    const compiled = await compile(join(root, 'packages', 'core'), out)
    // What has a wrong type is compiled all the same, and is another step's to tell.
    if (!existsSync(join(out, 'index.js'))) return compiled
    const index = pathToFileURL(join(out, 'index.js')).href
    const times: number[] = []
    for (let run = 0; run < runs && !times.some(time => time < bound); run++) {
      const script = `const t = performance.now(); await import('${index}'); console.log(performance.now() - t)`
      const { code, stdout, output } = await runNode(['--input-type=module', '-e', script])
      if (code !== 0) return failed(output)
      times.push(Number(stdout))
    }
    const best = Math.min(...times)
    const note = `${best.toFixed(1)} ms`
    return best < bound
      ? passed(note)
      : failed(`import 'millrace' takes ${note}, at best of ${runs}; ${bound} ms at most`)
  },
}
