/** `npm run check`: everything that needs no broker and no build, in under a minute. */
import { readArguments } from './steps/arguments.ts'
import { checks, timings } from './steps/checks.ts'
import { sum, summary } from './steps/outcome.ts'
import { runSteps } from './steps/step.ts'
import { vitest } from './steps/vitest.ts'

readArguments('npm run check: format, lint, types, floors, unit tests. Takes nothing; needs no broker.', {})

const started = performance.now()
const steps = [...checks, vitest('unit')]
console.log(`checking ${[...steps, ...timings].map(step => step.name).join(', ')}`)
const side = await runSteps(steps, { parallel: 2 })
const alone = await runSteps(timings)
const total = sum([...side, ...alone])
console.log(`\n${summary(total)} in ${((performance.now() - started) / 1000).toFixed(1)} s`)
process.exitCode = total.failed === 0 ? 0 : 1
