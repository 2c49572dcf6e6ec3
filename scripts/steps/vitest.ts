import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { runNode, tool } from './command.ts'
import type { Outcome } from './outcome.ts'
import { cache, root } from './root.ts'
import type { Step } from './step.ts'

/** The projects of vitest.config.ts. */
export type Project = 'unit' | 'slow' | 'broker'

/** One of vitest's projects, as a step. A run that ends without an outcome, or badly without a failed test, has crashed. */
export function vitest(
  project: Project,
  { live = false, full = false }: { live?: boolean; full?: boolean } = {},
): Step {
  return {
    name: `vitest ${project}`,
    async run() {
      const file = join(cache, `outcome-${project}.json`)
      mkdirSync(cache, { recursive: true })
      rmSync(file, { force: true })
      const reporter = join(root, 'scripts', 'steps', 'vitest-reporter.ts')
      const args = ['run', '--project', project, '--passWithNoTests', '--allowOnly=false', '--reporter=default', `--reporter=${reporter}`] // prettier-ignore
      const env = { MILLRACE_OUTCOME: file, ...(full && { MILLRACE_FULL: '1' }) }
      const { code, output } = await runNode([tool('vitest/vitest.mjs'), ...args], {
        env,
        live,
        timeout: (full ? 75 : 18) * 60_000,
      })
      if (!existsSync(file)) return crashed({ passed: 0, failed: 0, skipped: [] }, output)
      const outcome = JSON.parse(readFileSync(file, 'utf8')) as Outcome
      if (code !== 0 && outcome.failed === 0) return crashed(outcome, output)
      return outcome.failed > 0 ? { ...outcome, details: `${live ? '' : output}\n${outcome.details ?? ''}` } : outcome
    },
  }
}

const crashed = (outcome: Outcome, output: string): Outcome => ({
  ...outcome,
  failed: outcome.failed + 1,
  details: `${output}\nthe test runner itself failed`,
})
