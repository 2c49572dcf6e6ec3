import { expect, test, vi } from 'vitest'
import { Scheduler, type FlushPolicy } from '../src/scheduler.ts'

function member(order: string[], name: string) {
  return { scheduled: false, flush: () => void order.push(name), flushAtExit: () => {} }
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

test('after 2,048 operations one settles from the event loop, and all that come meanwhile with it', async () => {
  const scheduler = new Scheduler()
  let atOnce = 0
  while (scheduler.spend() === undefined) atOnce++
  const [one, other] = [scheduler.spend(), scheduler.spend()]
  expect(atOnce).toBe(2047)
  expect(one).toBe(other)

  await one

  expect(scheduler.spend()).toBeUndefined()
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
