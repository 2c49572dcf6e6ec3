import { expect, test } from 'vitest'
import { Crowd } from '../src/crowd.ts'

test('a hundred failures at once are no crowd, one more is', () => {
  const crowd = new Crowd()
  for (let i = 0; i < 100; i++) crowd.failed(5)
  expect(crowd.crowded(5)).toBe(false)

  crowd.failed(5)

  expect(crowd.crowded(5)).toBe(true)
})

test('a hundred a second are no crowd, however long it lasts; three hundred are, soon', () => {
  const calm = new Crowd()
  for (let now = 0; now < 60_000; now += 10) calm.failed(now)
  const busy = new Crowd()
  for (let now = 0; now < 1000; now += 10) for (let i = 0; i < 3; i++) busy.failed(now)

  expect(calm.crowded(60_000)).toBe(false)
  expect(busy.crowded(1000)).toBe(true)
})

test('a crowd has gone a second after its last failure, however many there were', () => {
  const crowd = new Crowd()
  for (let i = 0; i < 100_000; i++) crowd.failed(1000)
  expect(crowd.crowded(1990)).toBe(true)

  expect(crowd.crowded(2001)).toBe(false)
})
