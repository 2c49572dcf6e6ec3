/** `npm run bench -- <suite> [--json FILE] [--quick] [--only CASE]` */
import { accessSync, constants } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { chooses } from '../bench/row.ts'
import { bench, casesOf, purpose, suites } from '../bench/run.ts'
import { readArguments, refuse } from './steps/arguments.ts'

const known = suites()
const help = `One suite of benchmarks, side by side with its rivals, in one run.

  npm run bench -- <suite> [options]

Suites:
${known.map(name => `  ${name.padEnd(8)}  ${purpose(name)}`).join('\n')}

  --only TEXT   only the cases whose name has this in it (brokers: 'kafka', 'mqtt: publish', 'mqtt: consume 256')
  --quick       small counts, one round: whether it works, not how fast it is
  --json FILE   also write { suite, node, rows: [{ case, size, subject, rival, unit, median, min, max, ratio }] }
  --help        this

Rounds are interleaved: each subject and rival once in each, in turn. Compare ratios of one run, not rates of two.
How each number is obtained: docs/guide/measuring.md.`

const { values, positionals } = readArguments(help, {
  allowPositionals: true,
  options: { json: { type: 'string' }, only: { type: 'string' }, quick: { type: 'boolean' } },
})
const [suite, ...more] = positionals
if (suite === undefined) refuse('Which suite?', help)
if (more.length > 0) refuse(`One suite at a time, not ${positionals.join(' and ')}.`, help)
if (!known.includes(suite)) refuse(`There is no suite '${suite}'.`, help)
const { json, ...options } = values
// Before a measurement of minutes, not after it.
if (json !== undefined && !isWritable(dirname(resolve(json)))) refuse(`There is no writing into '${dirname(resolve(json))}'.`, help) // prettier-ignore
const { only } = options
if (only !== undefined) {
  const names = await casesOf(suite)
  if (!names.some(name => chooses(only, name)))
    refuse(
      `No case of '${suite}' has '${only}' in its name. There are:\n${names.map(name => `  ${name}`).join('\n')}`,
      help,
    )
}
await bench(suite, { ...options, ...(json !== undefined && { json: resolve(json) }) })

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK)
    return true
  } catch {
    return false
  }
}
