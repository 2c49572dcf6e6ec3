/** `npm test`: everything, in its short form; `-- --full` in full. Ends with `N passed, N failed`. */
import { readArguments } from './steps/arguments.ts'
import { backendTable, forgetReports, readReports } from './steps/backends.ts'
import { builds, imports } from './steps/builds.ts'
import { checks, timings } from './steps/checks.ts'
import { demo, examples } from './steps/examples.ts'
import { nodeTests } from './steps/node-test.ts'
import { packed } from './steps/packed.ts'
import { skipList, sum, summary } from './steps/outcome.ts'
import { snippets } from './steps/snippets.ts'
import { runtimes } from './steps/runtimes.ts'
import { runSteps } from './steps/step.ts'
import { vitest } from './steps/vitest.ts'

const help = `Everything: checks, builds, unit tests, real brokers, examples, documents.

  npm test              in its short form, under 20 minutes
  npm test -- --full    in full (stress counts, every pairing, more fuzzing), under 75

  --help    this

The brokers are fetched into a private cache folder when they are first needed (npm run brokers -- --help).
While you work: npm run check, or npx vitest run --project unit packages/core/test/message.test.ts`
const { full = false } = readArguments(help, { options: { full: { type: 'boolean' } } }).values

const started = performance.now()
forgetReports()
const outcomes = [
  ...(await runSteps(checks, { parallel: 2 })),
  ...(await runSteps([
    ...timings,
    builds,
    imports({ full: false }),
    packed({ full }),
    ...(full ? [imports({ full }), runtimes()] : []),
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
