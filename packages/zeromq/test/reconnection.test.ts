import { expect, test } from 'vitest'
import { Reconnection } from '../src/reconnection.ts'

function waits(options: { reconnectInterval: number; reconnectMaxInterval: number }, count: number, random = 0.5) {
  const reconnection = new Reconnection({ ...options, random: () => random })
  return { reconnection, next: Array.from({ length: count }, () => reconnection.next()) }
}

test('without a maximum each wait is the interval and up to as much again, by chance', () => {
  expect(waits({ reconnectInterval: 100, reconnectMaxInterval: 0 }, 3, 0).next).toEqual([100, 100, 100])
  expect(waits({ reconnectInterval: 100, reconnectMaxInterval: 0 }, 2, 0.999).next).toEqual([199, 199])
})

test('with a maximum the wait doubles up to there, and begins again after a success', () => {
  const { reconnection, next } = waits({ reconnectInterval: 100, reconnectMaxInterval: 350 }, 4)
  expect(next).toEqual([100, 200, 350, 350])

  reconnection.succeeded()

  expect(reconnection.next()).toBe(100)
})

test.each([0, -1])('an interval of %d means that there is no second try', reconnectInterval => {
  expect(waits({ reconnectInterval, reconnectMaxInterval: 0 }, 1).next).toEqual([undefined])
})

test('no chance makes the wait longer than a timer can wait, which would be none at all', () => {
  const { next } = waits({ reconnectInterval: 2 ** 31 - 1, reconnectMaxInterval: 0 }, 1, 0.999)

  expect(next).toEqual([2 ** 31 - 1])
})
