import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { runExample } from '../../steps/examples.ts'

function example(main: string, expected?: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-example-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'main.ts'), main)
  if (expected !== undefined) writeFileSync(join(folder, 'expected.txt'), expected)
  return folder
}

test('an example that prints what is expected passes', async () => {
  expect(await runExample(example(`console.log('one')`, 'one\n'))).toMatchObject({ passed: 1, failed: 0 })
})

test('an example that prints something else fails, with the line', async () => {
  const outcome = await runExample(example(`console.log('one')\nconsole.log('three')`, 'one\ntwo\n'))

  expect(outcome.failed).toBe(1)
  expect(outcome.details).toContain('expected.txt:2')
})

test('an example that fails, or expects nothing, fails', async () => {
  expect((await runExample(example(`throw new Error('x')`, ''))).failed).toBe(1)
  expect((await runExample(example(`console.log('x')`))).failed).toBe(1)
})
