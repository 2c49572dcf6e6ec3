/** `npm test`: everything, in its short form; `-- --full` in full. Ends with `N passed, N failed`. */
import { backendTable, forgetReports, readReports } from './steps/backends.ts'
import { builds, imports } from './steps/builds.ts'
import { checks, timings } from './steps/checks.ts'
import { demo, examples } from './steps/examples.ts'
import { nodeTests } from './steps/node-test.ts'
import { skipList, sum, summary } from './steps/outcome.ts'
import { snippets } from './steps/snippets.ts'
import { runSteps } from './steps/step.ts'
import { vitest } from './steps/vitest.ts'

const unknown = process.argv.slice(2).filter(word => word !== '--full')
if (unknown.length > 0) throw new Error(`npm test takes --full, not ${unknown.join(' ')}`)
const full = process.argv.includes('--full')

const started = performance.now()
forgetReports()
const outcomes = [
  ...(await runSteps(checks, { parallel: 2 })),
  ...(await runSteps([
    ...timings,
    builds,
    imports({ full: false }),
    ...(full ? [imports({ full })] : []),
    vitest('unit', { live: true, full }),
    vitest('slow', { live: true, full }),
    vitest('broker', { live: true, full }),
    nodeTests({ full }),
    examples,
    snippets,
    demo,
  ])),
]

const total = sum(outcomes)
console.log(`\nBackends\n${backendTable(readReports()).join('\n')}`)
if (total.skipped.length > 0) {
  console.log('\nSkipped')
  for (const line of skipList(total.skipped)) console.log(`  ${line}`)
}
console.log(`\n${((performance.now() - started) / 60_000).toFixed(1)} minutes`)
console.log(summary(total))
process.exitCode = total.failed === 0 ? 0 : 1
