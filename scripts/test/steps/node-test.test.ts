import { expect, test } from 'vitest'
import { readTap } from '../../steps/node-test.ts'

const totals = (counts: { pass: number; fail: number }): string =>
  `# tests 3\n# pass ${counts.pass}\n# fail ${counts.fail}\n# cancelled 0\n# skipped 1\n# todo 0\n`

test('the totals are what Node says, and each skip brings its reason', () => {
  const outcome = readTap(`ok 1 - a\nok 2 - b # SKIP no server here\n${totals({ pass: 1, fail: 0 })}`, 0, '')

  expect(outcome).toMatchObject({ passed: 1, failed: 0, skipped: [{ title: 'b', reason: 'no server here' }] })
})

test('a skip without a reason is a failure', () => {
  expect(readTap(`ok 1 - b # SKIP\n${totals({ pass: 1, fail: 0 })}`, 0, '').failed).toBe(1)
})

test('a runner that ends without totals, or badly without a failed test, has crashed', () => {
  expect(readTap('ok 1 - a\n', 139, '').failed).toBe(1)
  expect(readTap(totals({ pass: 2, fail: 0 }), 1, '')).toMatchObject({ passed: 2, failed: 1 })
})
