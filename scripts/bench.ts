/** `npm run bench -- <suite> [--json FILE] [--quick] [--only CASE]` */
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { bench, suites } from '../bench/run.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'string' }, only: { type: 'string' }, quick: { type: 'boolean' } },
})
const [suite, ...more] = positionals
if (suite === undefined || more.length > 0) {
  console.error(
    `npm run bench -- <suite> [--json FILE] [--quick] [--only CASE]\nsuites: ${suites().join(', ') || 'none yet'}`,
  )
  process.exitCode = 2
} else {
  const { json, ...options } = values
  await bench(suite, { ...options, ...(json !== undefined && { json: resolve(json) }) })
}
