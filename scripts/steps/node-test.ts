import { glob } from 'node:fs/promises'
import { mkdirSync, readFileSync, rmSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { runNode } from './command.ts'
import type { Outcome, Skip } from './outcome.ts'
import { cache, root } from './root.ts'
import type { Step } from './step.ts'

/** The tests that run under Node's own runner, `*.node-test.ts`: what has to work without vitest. */
export function nodeTests({ full = false }: { full?: boolean } = {}): Step {
  return {
    name: 'node:test',
    async run() {
      const files: string[] = []
      for await (const file of glob('{packages/*,scripts}/test/**/*.node-test.ts', { cwd: root })) files.push(file)
      if (files.length === 0) return { passed: 0, failed: 0, skipped: [], note: 'no files' }
      mkdirSync(cache, { recursive: true })
      const tap = join(cache, 'node-test.tap')
      rmSync(tap, { force: true })
      const args = [
        '--conditions=millrace-source',
        '--test',
        '--test-reporter=tap',
        `--test-reporter-destination=${tap}`,
      ]
      const { code, output } = await runNode([...args, ...files.toSorted()], {
        env: full ? { MILLRACE_FULL: '1' } : {},
      })
      return readTap(existsSync(tap) ? readFileSync(tap, 'utf8') : '', code, output)
    },
  }
}

/** The totals that Node prints at the end of its TAP, and the reason of each skip. Without totals, it has crashed. */
export function readTap(tap: string, code: number, output: string): Outcome {
  const total = (name: string) => Number(new RegExp(`^# ${name} (\\d+)$`, 'm').exec(tap)?.[1] ?? Number.NaN)
  const skipped = [...tap.matchAll(/^\s*ok \d+ - (?<title>.*?) # (?:SKIP|TODO) ?(?<reason>.*)$/gm)].map(
    ({ groups }): Skip => ({ title: groups?.['title'] ?? '', reason: groups?.['reason'] ?? '' }),
  )
  const silent = skipped.filter(skip => skip.reason === '')
  const failed = total('fail') + total('cancelled') + silent.length
  if (Number.isNaN(failed) || (code !== 0 && failed === 0))
    return {
      passed: total('pass') || 0,
      failed: 1,
      skipped,
      details: `${tap}\n${output}\nthe test runner itself failed`,
    }
  const details = [
    ...silent.map(skip => `skipped without a reason: ${skip.title}`),
    ...(failed > 0 ? [tap, output] : []),
  ]
  return { passed: total('pass'), failed, skipped, details: details.join('\n') }
}
