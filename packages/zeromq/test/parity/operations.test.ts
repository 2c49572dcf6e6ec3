import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import * as ours from '../../src/index.ts'
import { table, type Outcome } from './operations.ts'

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
  const theirs = await nativeTable()
  const mine = await table(ours)

  const differences: string[] = []
  for (const [row, outcome] of theirs) {
    if (mine.get(row) === outcome || DIFFERENT.some(({ rows }) => rows.test(row))) continue
    differences.push(`${row}: native ${outcome}, ours ${mine.get(row)}`)
  }
  expect(differences).toEqual([])
  expect(mine.size).toBeGreaterThan(2000)
}, 120_000)

/** The native package's table. Some of these operations crash its process, about one time in three: then it is asked again. */
async function nativeTable(): Promise<Map<string, Outcome>> {
  for (let tries = 12; tries > 0; tries--) {
    const found = await new Promise<Map<string, Outcome> | undefined>(resolve => {
      const child = fork(fileURLToPath(new URL('native-table.ts', import.meta.url)), {
        execArgv: ['--conditions=millrace-source'],
        stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      })
      child.on('message', rows => resolve(new Map(rows as [string, Outcome][])))
      child.on('exit', () => resolve(undefined))
    })
    if (found !== undefined) return found
  }
  throw new Error('the native package crashed twelve times')
}
