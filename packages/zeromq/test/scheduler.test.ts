import { expect, test, vi } from 'vitest'
import { Scheduler, type FlushPolicy } from '../src/scheduler.ts'

function member(order: string[], name: string) {
  return { scheduled: false, flush: () => void order.push(name), flushAtExit: () => {} }
}

/** Until an operation has had to yield, and may not have to again for a while. */
async function settled(scheduler: Scheduler): Promise<void> {
  for (let left = 1000; left > 0; left--) {
    const yielding = scheduler.spend()
    if (yielding !== undefined) return yielding
  }
  throw new Error('no operation had to yield')
}

const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

test('the first flush of a turn runs as a microtask, the next at the end of the turn', async () => {
  const scheduler = new Scheduler()
  const order: string[] = []
  const one = member(order, 'one')

  scheduler.add(one)
  expect(order).toEqual([])
  await Promise.resolve()
  expect(order).toEqual(['one'])
  scheduler.add(one)
  await Promise.resolve()
  expect(order).toEqual(['one'])
  await turn()

  expect(order).toEqual(['one', 'one'])
})

test.each<[FlushPolicy, string[], string[]]>([
  ['at-once', ['x'], ['x']],
  ['turn', [], []],
])('the policy %s flushes when it says', async (policy, now, afterMicrotask) => {
  const scheduler = new Scheduler()
  const order: string[] = []

  scheduler.add(member(order, 'x'), policy)
  expect(order).toEqual(now)
  await Promise.resolve()
  expect(order).toEqual(afterMicrotask)
  await turn()
  await turn()

  expect(order).toEqual(['x'])
})

test("the policy 'full' flushes after 10 ms at the latest", () => {
  vi.useFakeTimers()
  try {
    const scheduler = new Scheduler()
    const order: string[] = []

    scheduler.add(member(order, 'x'), 'full')
    vi.advanceTimersByTime(9)
    expect(order).toEqual([])
    vi.advanceTimersByTime(1)

    expect(order).toEqual(['x'])
  } finally {
    vi.useRealTimers()
  }
})

test('after a millisecond of operations one settles from the event loop, and all that come meanwhile with it', async () => {
  let now = 0
  const scheduler = new Scheduler(() => now)
  await settled(scheduler)

  now += 0.9
  for (let i = 0; i < 10_000; i++) expect(scheduler.spend()).toBeUndefined()
  now += 0.1
  let atOnce = 0
  while (atOnce < 1000 && scheduler.spend() === undefined) atOnce++
  const [one, other] = [scheduler.spend(), scheduler.spend()]
  expect(atOnce).toBeLessThan(256)
  expect(one).toBe(other)

  await one

  expect(scheduler.spend()).toBeUndefined()
})

test('operations that take long each hold up nobody for more than 256 of them', async () => {
  let now = 0
  const scheduler = new Scheduler(() => (now += 5))
  await settled(scheduler)

  let atOnce = 0
  while (atOnce < 1000 && scheduler.spend() === undefined) atOnce++

  expect(atOnce).toBe(255)
})

test('a context without sockets leaves no listener on the process', () => {
  const before = process.listenerCount('exit')
  const scheduler = new Scheduler()
  const one = member([], 'one')
  scheduler.join(one)
  expect(process.listenerCount('exit')).toBe(before + 1)

  scheduler.leave(one)

  expect(process.listenerCount('exit')).toBe(before)
})
