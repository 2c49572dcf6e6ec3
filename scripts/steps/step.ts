import { failed, summary, type Outcome } from './outcome.ts'

/** One thing that the check or the tests do. */
export interface Step {
  readonly name: string
  run(): Promise<Outcome>
}

/**
 * Runs the steps, `parallel` at a time, and prints a line for each as it ends: how it went, how long it took, and the
 * details of a failure. A step that throws has failed. The outcomes come in the order of the steps.
 */
export async function runSteps(
  steps: readonly Step[],
  { parallel = 1 }: { parallel?: number } = {},
): Promise<Outcome[]> {
  const outcomes = new Map<Step, Outcome>()
  const waiting = [...steps]
  const work = async () => {
    for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) outcomes.set(step, await runStep(step))
  }
  await Promise.all(Array.from({ length: parallel }, work))
  return steps.flatMap(step => outcomes.get(step) ?? [])
}

async function runStep(step: Step): Promise<Outcome> {
  const started = performance.now()
  // Who watches sees what is being waited for; the line is written over by what comes next.
  if (process.stderr.isTTY) process.stderr.write(` ..   ${step.name}\r`)
  const outcome = await step
    .run()
    .catch((error: unknown) => failed(error instanceof Error ? String(error.stack) : String(error)))
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  const count = outcome.passed + outcome.failed > 1 ? summary(outcome) : undefined
  const notes = [count, outcome.note].filter(note => note !== undefined).join(', ')
  if (process.stderr.isTTY) process.stderr.write('\x1b[K')
  console.log(`${outcome.failed > 0 ? 'FAIL' : ' ok '}  ${step.name.padEnd(16)} ${seconds.padStart(6)} s  ${notes}`)
  if (outcome.failed > 0 && outcome.details) console.log(`\n${outcome.details.trimEnd()}\n`)
  return outcome
}
