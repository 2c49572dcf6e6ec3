import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { suite } from '@millrace/conformance'
import { expect, test } from 'vitest'

const file = fileURLToPath(new URL('with-node-test.ts', import.meta.url))

test('under node:test every case is a test, and every skip has its reason', async () => {
  const output = await run(['--conditions=millrace-source', '--test', '--test-reporter=tap', file])

  const count = (name: string): number => Number(new RegExp(`^# ${name} (\\d+)$`, 'm').exec(output)?.[1])
  expect(count('tests')).toBe(suite.length)
  expect(count('fail')).toBe(0)
  expect(count('pass') + count('skipped')).toBe(suite.length)
  const skips = output.match(/# SKIP .*/g) ?? []
  expect(skips).toHaveLength(count('skipped'))
  expect(skips.every(line => line.length > '# SKIP '.length)).toBe(true)
}, 60_000)

function run(args: readonly string[]): Promise<string> {
  // The runner under which this one runs must not be inherited.
  const { NODE_TEST_CONTEXT: _, NODE_OPTIONS: __, ...env } = process.env
  return new Promise(resolve =>
    execFile(process.execPath, args, { env, maxBuffer: 1 << 26 }, (_error, stdout, stderr) => resolve(stdout + stderr)),
  )
}
