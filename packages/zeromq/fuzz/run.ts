/**
 * Fuzzes every parser and state machine.
 *
 *     node --conditions=millrace-source packages/zeromq/fuzz/run.ts [--inputs 1000000] [--seed 1] [--target NAME] [--only SEED]
 *
 * `--only` repeats the one input of a target that a failure named.
 */
import { parseArgs } from 'node:util'
import { fuzz, runOne, TARGETS } from './fuzz.ts'

const { values } = parseArgs({
  options: {
    inputs: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: '1' },
    target: { type: 'string' },
    only: { type: 'string' },
  },
})
const targets = values.target === undefined ? TARGETS : TARGETS.filter(({ name }) => name === values.target)
if (targets.length === 0) throw new Error(`no target '${values.target}': ${TARGETS.map(({ name }) => name).join('; ')}`)

if (values.only !== undefined) {
  for (const target of targets) runOne(target, Number(values.only))
  console.log('it holds')
} else {
  const start = performance.now()
  fuzz({ inputs: 2000, seed: Number(values.seed), targets })
  const before = memory()
  const report = fuzz({ inputs: Number(values.inputs), seed: Number(values.seed), targets })
  const grown = memory() - before
  for (const [name, inputs] of report.byTarget) console.log(`${String(inputs).padStart(9)}  ${name}`)
  console.log(`${String(report.inputs).padStart(9)}  inputs in ${Math.round((performance.now() - start) / 1000)} s,`)
  console.log(
    `           the slowest ${report.slowest.toFixed(1)} ms, memory grown by ${(grown / 2 ** 20).toFixed(1)} MiB, none failed`,
  )
  if (grown > 64 * 2 ** 20) throw new Error('memory grows with the number of inputs')
}

function memory(): number {
  globalThis.gc?.()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}
