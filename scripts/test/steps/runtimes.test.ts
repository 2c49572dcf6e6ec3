import { expect, test } from 'vitest'
import { summary } from '../../steps/outcome.ts'
import { runtimes, type Runtime } from '../../steps/runtimes.ts'

/** Node, told to run a script of one line and not the program. */
const one = (title: string, script: string): Runtime => ({
  title,
  fetch: () => Promise.resolve(process.execPath),
  args: ['--eval', script, '--'],
})

test('a runtime that cannot be fetched is skipped, and says why', async () => {
  const absent: Runtime = { title: 'Bun', fetch: () => Promise.reject(new Error('no\n network')), args: [] }

  const outcome = await runtimes([absent]).run()

  expect(outcome.failed).toBe(0)
  expect(outcome.skipped).toEqual([{ title: 'runtimes, Bun', reason: 'it could not be fetched: no network' }])
})

test('a program that says it is whole and ends well has passed, any other failed and is shown', async () => {
  const outcome = await runtimes([
    one('good', "console.log('whole')"),
    one('silent', ''),
    one('bad', "console.log('whole'); process.exitCode = 3"),
  ]).run()

  expect(summary(outcome)).toBe('1 passed, 2 failed')
  expect(outcome.details).toMatch(/^silent, .*\nbad, .*\nwhole$/ms)
})
