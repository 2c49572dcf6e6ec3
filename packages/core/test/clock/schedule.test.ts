import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Schedule } from '../../src/clock/schedule.ts'
import { stamp } from '../../src/clock/stamp.ts'
import { systemClock } from '../../src/clock/system.ts'
import { virtualClock } from '../../src/testing/virtual-clock.ts'

test('moments come in order of time, then of adding, on one timer, and what is cancelled does not come', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ after: fc.nat(500), cancel: fc.boolean() }), { maxLength: 200 }),
      async items => {
        const clock = virtualClock()
        const schedule = new Schedule(clock)
        const came: number[] = []
        const scheduled = items.map(({ after }, i) => schedule.add(clock.now() + after, () => came.push(i)))

        items.forEach(({ cancel }, i) => cancel && scheduled[i]?.cancel())
        expect(clock.pending).toBeLessThanOrEqual(1)
        await clock.advance(500)

        const wanted = items
          .map(({ after, cancel }, i) => ({ after, cancel, i }))
          .filter(({ cancel }) => !cancel)
          .toSorted((a, b) => a.after - b.after || a.i - b.i)
          .map(({ i }) => i)
        expect(came).toEqual(wanted)
        expect([schedule.size, clock.pending]).toEqual([0, 0])
      },
    ),
    { numRuns: 50 },
  )
})

test('a moment may add another', async () => {
  const clock = virtualClock()
  const schedule = new Schedule(clock)
  const came: number[] = []
  schedule.add(clock.now() + 10, () => {
    came.push(clock.now())
    schedule.add(clock.now() + 10, () => came.push(clock.now()))
  })
  const start = clock.now()

  await clock.advance(20)

  expect(came).toEqual([start + 10, start + 20])
})

test("the system's time is read once in a turn, another clock's each time", async () => {
  const ours = stamp(systemClock)
  const first = ours()
  expect(Math.abs(first - Date.now())).toBeLessThan(1000)
  const clock = virtualClock()
  const virtual = stamp(clock)

  const before = virtual()
  await clock.advance(7)

  expect(virtual() - before).toBe(7)
})
