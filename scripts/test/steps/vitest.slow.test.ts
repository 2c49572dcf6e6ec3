import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { runNode, tool } from '../../steps/command.ts'
import type { Outcome } from '../../steps/outcome.ts'
import { cache, root } from '../../steps/root.ts'

/** Runs vitest with our reporter over one small file, which has to stand inside the checkout to find vitest. */
async function outcomeOf(file: string, text: string, env: Record<string, string | undefined> = {}): Promise<Outcome> {
  mkdirSync(cache, { recursive: true })
  const folder = mkdtempSync(join(cache, 'reporter-'))
  const results = mkdtempSync(join(tmpdir(), 'millrace-outcome-'))
  onTestFinished(() => [folder, results].forEach(path => rmSync(path, { recursive: true })))
  writeFileSync(join(folder, file), `import { test, expect } from 'vitest'\n${text}`)
  writeFileSync(join(folder, 'vitest.config.ts'), `export default { test: { include: ['*.test.ts'] } }\n`)
  const reporter = join(root, 'scripts/steps/vitest-reporter.ts')
  await runNode([tool('vitest/vitest.mjs'), 'run', `--root=${folder}`, `--reporter=${reporter}`], {
    cwd: folder,
    env: { CI: undefined, VITEST: undefined, ...env, MILLRACE_OUTCOME: join(results, 'outcome.json') },
  })
  return JSON.parse(readFileSync(join(results, 'outcome.json'), 'utf8')) as Outcome
}

test('passes, failures and skips with their reasons are counted', async () => {
  const outcome = await outcomeOf(
    'a.test.ts',
    `test('p', () => {}); test('f', () => expect(1).toBe(2)); test('s', context => context.skip('no server'))`,
  )

  expect(outcome).toMatchObject({ passed: 1, failed: 1, skipped: [{ reason: 'no server' }] })
})

test('a skip without a reason is a failure', async () => {
  expect(await outcomeOf('a.test.ts', `test.skip('s', () => {})`)).toMatchObject({ passed: 0, failed: 1 })
})

test('a file that does not load, and an error outside any test, are failures', async () => {
  expect((await outcomeOf('a.test.ts', `import './missing.ts'`)).failed).toBe(1)
  expect((await outcomeOf('a.test.ts', `test('p', () => { Promise.reject(new Error('stray')) })`)).failed).toBe(1)
})

test('where CI is set a backend of which nothing ran has failed', async () => {
  const text = `test('s', context => context.skip('not on this machine'))`

  expect((await outcomeOf('kafka.broker.test.ts', text)).failed).toBe(0)
  expect((await outcomeOf('kafka.broker.test.ts', text, { CI: 'true' })).failed).toBe(1)
})
