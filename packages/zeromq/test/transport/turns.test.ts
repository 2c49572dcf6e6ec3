import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterEach, expect, test, vi } from 'vitest'
import { inTurns, MOST_WAITING } from '../../src/transport/turns.ts'

afterEach(() => void vi.useRealTimers())

test('so many are handled at once, and the rest in order, so many in each later turn', async () => {
  const handled: number[] = []
  const give = inTurns<number>(item => handled.push(item), { most: 2, refuse })

  for (let i = 0; i < 5; i++) give(i)

  expect(handled).toEqual([0, 1])
  await nextTurn()
  expect(handled).toEqual([0, 1, 2, 3])
  give(5)
  await nextTurn()
  await nextTurn()
  expect(handled).toEqual([0, 1, 2, 3, 4, 5])
})

test('after a turn with nothing to do the next is handled at once again', async () => {
  const handled: number[] = []
  const give = inTurns<number>(item => handled.push(item), { most: 1, refuse })
  give(0)
  give(1)
  await nextTurn()
  await nextTurn()

  give(2)

  expect(handled).toEqual([0, 1, 2])
})

test('in a crowd one is handled each two milliseconds, whatever the turns, and as before when it has gone', () => {
  vi.useFakeTimers()
  const handled: number[] = []
  let crowded = true
  const give = inTurns<number>(item => handled.push(item), { most: 3, refuse, crowded: () => crowded })

  for (let i = 0; i < 8; i++) give(i)
  expect(handled).toEqual([0])
  vi.advanceTimersByTime(1)
  expect(handled).toEqual([0])
  vi.advanceTimersByTime(3)
  expect(handled).toEqual([0, 1, 2])
  crowded = false
  vi.advanceTimersByTime(2)

  expect(handled).toEqual([0, 1, 2, 3, 4, 5])
  vi.runAllTimers()
  expect(handled).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
})

test('when a thousand wait, more are refused', async () => {
  const handled: number[] = []
  const refused: number[] = []
  const give = inTurns<number>(item => handled.push(item), { most: 1, refuse: item => refused.push(item) })

  for (let i = 0; i < MOST_WAITING + 3; i++) give(i)

  expect(handled).toEqual([0])
  expect(refused).toEqual([MOST_WAITING + 1, MOST_WAITING + 2])
  await nextTurn()
  expect(handled).toEqual([0, 1])
})

function refuse(item: number): never {
  throw new Error(`${item} is refused`)
}
