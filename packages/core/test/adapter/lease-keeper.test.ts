import { expect, test } from 'vitest'
import { LeaseKeeper } from '../../src/adapter/lease-keeper.ts'
import { virtualClock } from '../../src/testing/virtual-clock.ts'

function keeper(options: { lease: number; maxLease: number; busy?: () => boolean }) {
  const clock = virtualClock()
  const start = clock.now()
  const extended: number[] = []
  const made: LeaseKeeper = new LeaseKeeper({
    clock,
    busy: () => true,
    extend: young => void (young(0) && extended.push(clock.now() - start)),
    ...options,
  })
  return { clock, extended, keeper: made }
}

test('a lease is extended three times in its length, until it is as old as it may get', async () => {
  const { clock, extended, keeper: made } = keeper({ lease: 300, maxLease: 900 })

  made.arm()
  await clock.advance(5000)

  expect(extended).toEqual([100, 200, 300, 400, 500, 600, 700, 800, 900])
})

test('it rests while nothing is leased, and wakes when it is armed', async () => {
  let busy = false
  const { clock, extended, keeper: made } = keeper({ lease: 300, maxLease: 9000, busy: () => busy })
  made.arm()
  await clock.advance(1000)
  expect([extended, clock.pending]).toEqual([[], 0])

  busy = true
  made.arm()
  await clock.advance(100)

  expect(extended).toHaveLength(1)
})

test('a stopped one never beats again', async () => {
  const { clock, extended, keeper: made } = keeper({ lease: 300, maxLease: 9000 })
  made.arm()

  made.stop()
  made.arm()
  await clock.advance(1000)

  expect([extended, clock.pending]).toEqual([[], 0])
})
