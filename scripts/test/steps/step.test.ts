import { expect, test, vi } from 'vitest'
import { failed, passed, skipList, sum, summary } from '../../steps/outcome.ts'
import { runSteps } from '../../steps/step.ts'

test('a step that throws has failed, and the others still run', async () => {
  const lines = vi.spyOn(console, 'log').mockImplementation(() => undefined)
  const outcomes = await runSteps([
    { name: 'thrower', run: () => Promise.reject(new Error('no such tool')) },
    { name: 'good', run: () => Promise.resolve(passed()) },
  ])
  const printed = lines.mock.calls.flat().join('\n')
  lines.mockRestore()

  expect(summary(sum(outcomes))).toBe('1 passed, 1 failed')
  expect(printed).toContain('no such tool')
})

test('steps side by side are never more than asked for, and come back in their order', async () => {
  const lines = vi.spyOn(console, 'log').mockImplementation(() => undefined)
  let running = 0
  let most = 0
  const step = (name: string) => ({
    name,
    run: async () => {
      most = Math.max(most, ++running)
      await new Promise(setImmediate)
      running--
      return name === 'b' ? failed('b') : passed(name)
    },
  })
  const outcomes = await runSteps(['a', 'b', 'c', 'd', 'e'].map(step), { parallel: 2 })
  lines.mockRestore()

  expect(most).toBe(2)
  expect(outcomes.map(outcome => outcome.note ?? 'failed')).toEqual(['a', 'failed', 'c', 'd', 'e'])
})

test('the summary names skips only where there are some', () => {
  expect(summary(passed())).toBe('1 passed, 0 failed')
  expect(summary({ ...passed(), skipped: [{ title: 'a', reason: 'b' }] })).toBe('1 passed, 0 failed, 1 skipped')
})

test('skips are listed by their reason, the first of each by name', () => {
  const skips = ['a', 'b', 'c'].map(title => ({ title, reason: 'no server here' }))

  expect(skipList([...skips, { title: 'd', reason: '' }])).toEqual([
    'no server here: a, b and 1 more',
    'no reason given: d',
  ])
})
