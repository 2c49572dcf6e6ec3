import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { Commits } from '../src/commits.ts'
import type { Member } from '../src/member.ts'
import { Partition } from '../src/partition.ts'
import { batchesIn } from '../src/record-batch.ts'
import { logBatch } from './log-batch.ts'

/** A partition with ten records in hand, and a member whose commits are noted. */
function fixture(): {
  settle: (offset: number) => void
  commits: Commits
  seen: { offset: number; at: number }[]
} {
  const partition = new Partition('t', 0, 0)
  const records = Array.from({ length: 10 }, (_, delta) => ({ delta }))
  partition.take(batchesIn(logBatch({ first: 0, records })), [], true)
  const raws: Parameters<Partition['settle']>[0][] = []
  partition.hand(10, new Map(), raws)
  const seen: { offset: number; at: number }[] = []
  const member = {
    commit: (topics: readonly { partitions: readonly { committedOffset: bigint }[] }[]) => {
      seen.push({ offset: Number(topics[0]?.partitions[0]?.committedOffset), at: performance.now() })
      return Promise.resolve()
    },
  } as unknown as Member
  const commits = new Commits({ member, owns: () => true, leaves: () => false })
  const settle = (offset: number): void => {
    partition.settle(raws[offset]!) // there are ten
    commits.add(partition)
  }
  return { settle, commits, seen }
}

test('what is settled while a commit is under way goes with one commit, five milliseconds after it', async () => {
  const { settle, commits, seen } = fixture()
  await turn() // a timer counts from where the event loop's turn began: not from before all this was made

  const all = [0, 1, 2, 3].map(offset => {
    settle(offset)
    return commits.commit()
  })
  await Promise.all(all)

  expect(seen.map(({ offset }) => offset)).toEqual([1, 4])
  expect(seen[1]!.at - seen[0]!.at).toBeGreaterThan(4)
})

test('when none is under way, a commit goes at once', async () => {
  const { settle, commits, seen } = fixture()

  for (const offset of [0, 1, 2]) {
    settle(offset)
    const committing = commits.commit()
    expect(seen).toHaveLength(offset + 1)
    await committing
  }

  expect(seen.map(({ offset }) => offset)).toEqual([1, 2, 3])
})

test('the last commit of those that leave does not wait for its pace', async () => {
  const { settle, commits, seen } = fixture()
  settle(0)
  const first = commits.commit()
  settle(1)
  const second = commits.commit()
  await first

  await commits.leave()

  expect(seen.map(({ offset }) => offset)).toEqual([1, 2])
  await second
  expect(seen).toHaveLength(2)
})
