import { createRequire } from 'node:module'
import { expect, test } from 'vitest'
import * as ours from '../../src/index.ts'
import { table } from './operations.ts'

const native = createRequire(import.meta.url)('zeromq') as typeof ours

/** Rows that differ, with the reason. */
const DIFFERENT: readonly { rows: RegExp; why: string }[] = [
  { rows: /: unbindSync\(/, why: 'unbindSync of the zeromq package binds: its method is wired to bindSync' },
  {
    rows: /^(Subscriber|Pull), .*: send\(\[?'x'/,
    why: 'a type that cannot send waits for ever there; ours rejects with ENOTSUP',
  },
  {
    rows: /^(Publisher|Push), .*: receive\(/,
    why: 'a type that cannot receive waits for ever there; ours rejects with ENOTSUP',
  },
  {
    rows: /^Stream, sending already: send\(\['x', 'y'\]\)/,
    why: 'libzmq takes the first frame after an id that was sent alone for its body',
  },
]

test('every operation in every state does what it does in the zeromq package', async () => {
  const theirs = await table(native)
  const mine = await table(ours)

  const differences: string[] = []
  for (const [row, outcome] of theirs) {
    if (mine.get(row) === outcome || DIFFERENT.some(({ rows }) => rows.test(row))) continue
    differences.push(`${row}: native ${outcome}, ours ${mine.get(row)}`)
  }
  expect(differences).toEqual([])
  expect(mine.size).toBeGreaterThan(2000)
}, 120_000)
