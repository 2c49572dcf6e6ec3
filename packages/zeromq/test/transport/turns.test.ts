import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { inTurns } from '../../src/transport/turns.ts'

test('so many are handled at once, and the rest in order, so many in each later turn', async () => {
  const handled: number[] = []
  const give = inTurns<number>(2, item => handled.push(item))

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
  const give = inTurns<number>(1, item => handled.push(item))
  give(0)
  give(1)
  await nextTurn()
  await nextTurn()

  give(2)

  expect(handled).toEqual([0, 1, 2])
})
