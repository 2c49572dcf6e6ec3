import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Clock } from '../../src/clock/clock.ts'
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

/** The system's clock, which counts the timers it makes. */
function counted(): { clock: Clock; made: () => number } {
  let made = 0
  const clock: Clock = {
    now: () => systemClock.now(),
    after(...given) {
      made++
      return systemClock.after(...given)
    },
  }
  return { clock, made: () => made }
}

/** How many timers keep this process alive. */
function alive(): number {
  return process.getActiveResourcesInfo().filter(one => one === 'Timeout').length
}

test('what is taken back, again and again, costs an idling schedule one timer, which then keeps nothing alive', () => {
  const { clock, made } = counted()
  const schedule = new Schedule(clock, { idles: true })
  const before = alive()

  for (let i = 0; i < 1000; i++) {
    const moment = schedule.add(clock.now() + 30_000, () => undefined)
    expect(alive()).toBe(before + 1)
    moment.cancel()
    expect(alive()).toBe(before)
  }

  expect([made(), schedule.size]).toEqual([1, 0])
  schedule.close()
})

test('an idling schedule that was closed keeps its timer for what waits, and no longer', () => {
  const { clock, made } = counted()
  const before = alive()
  const schedule = new Schedule(clock, { idles: true })
  const [first, second] = [schedule.add(clock.now() + 1000, () => undefined), schedule.add(clock.now() + 2000, () => undefined)] // prettier-ignore
  first.cancel()

  schedule.close()
  expect([alive(), schedule.size]).toEqual([before + 1, 1])
  second.cancel()
  expect([alive(), schedule.size]).toEqual([before, 0])

  schedule.add(clock.now() + 3000, () => undefined).cancel()
  expect([alive(), made()]).toEqual([before, 3])
})

test('an idling schedule that woke in vain comes at the moments that are left, and at one that is earlier', async () => {
  const { clock } = counted()
  const schedule = new Schedule(clock, { idles: true })
  const start = performance.now()
  const came: string[] = []
  schedule.add(clock.now() + 5, () => came.push('taken back')).cancel()
  schedule.add(clock.now() + 2_000, () => came.push('late'))

  await new Promise<void>(resolve => {
    schedule.add(clock.now() + 30, () => {
      came.push('right')
      resolve()
    })
  })

  expect(came).toEqual(['right'])
  expect(performance.now() - start).toBeGreaterThan(25)
  schedule.clear()
  schedule.close()
})

test('an idling schedule on a virtual clock leaves no timer for what is taken back', async () => {
  const clock = virtualClock()
  const schedule = new Schedule(clock, { idles: true })

  schedule.add(clock.now() + 10, () => undefined).cancel()

  expect(clock.pending).toBe(0)
})

test('a million moments that were taken back while one waits leave next to nothing', () => {
  const schedule = new Schedule(systemClock, { idles: true, background: true })
  const waiting = schedule.add(systemClock.now() + 30_000, () => undefined)

  for (let i = 0; i < 1_000_000; i++) {
    schedule.add(systemClock.now() + 30_000, () => undefined).cancel()
  }

  expect(schedule.kept).toBeLessThanOrEqual(66)
  waiting.cancel()
  schedule.close()
})

test('a moment that never comes holds nothing', () => {
  const before = alive()
  const schedule = new Schedule(systemClock)

  const never = schedule.add(Infinity, () => undefined)

  expect(alive()).toBe(before)
  never.cancel()
  expect(schedule.size).toBe(0)
})

test('what was cleared and is taken back afterwards takes nothing else along', async () => {
  const clock = virtualClock()
  const schedule = new Schedule(clock)
  const old = schedule.add(clock.now() + 10, () => undefined)
  schedule.clear()
  let came = false
  schedule.add(clock.now() + 10, () => (came = true))

  old.cancel()
  await clock.advance(10)

  expect([came, schedule.size]).toEqual([true, 0])
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
