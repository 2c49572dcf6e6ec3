import { isMillraceError } from 'millrace'
import { expect, test } from 'vitest'
import { joined, startAt, toPosition } from '../src/stream-place.ts'
import type { StreamPlace } from '../src/stream-place.ts'

const one = { only: true, now: 5_500 }
const many = { only: false, now: 5_500 }

test("'earliest', 'latest' and a time begin as the server has them, and can be come back to", () => {
  expect(startAt('earliest', 't', one)).toEqual({ argument: 'first', place: { is: 'offset', offset: -1 } })
  expect(startAt('latest', 't', one)).toEqual({ argument: 'next', place: { is: 'time', time: 5_500 } })
  expect(startAt({ time: 1_999 }, 't', one)).toEqual({
    argument: { '!': 'timestamp', value: 1 },
    place: { is: 'time', time: 1_999 },
    since: 1_999,
  })
})

test.each<StreamPlace>([
  { is: 'offset', offset: -1 },
  { is: 'offset', offset: 0 },
  { is: 'offset', offset: 123_456_789_012 },
])('what comes after the position of $offset is asked for with that one, which shows that the stream has it', place => {
  const start = startAt({ after: toPosition(place) }, 't', one)

  const offset = place.is === 'offset' ? place.offset : NaN
  expect(start).toEqual({ argument: Math.max(0, offset), place, next: offset + 1 })
})

test('a place where nothing has come yet is a time, and allows for clocks that differ', () => {
  const start = startAt({ after: toPosition({ is: 'time', time: 9_300.7 }) }, 't', one)

  expect(start).toEqual({ argument: { '!': 'timestamp', value: 8 }, place: { is: 'time', time: 9_300 } })
})

test('the position of several topics has each of them', () => {
  const position = joined(
    new Map<string, StreamPlace>([
      ['orders.a', { is: 'offset', offset: 3 }],
      ['orders.b', { is: 'time', time: 7_000 }],
    ]),
  )

  expect(position).toBe('orders.a:3,orders.b:@7000')
  expect(startAt({ after: position }, 'orders.a', many)).toMatchObject({ argument: 3, next: 4 })
  expect(startAt({ after: position }, 'orders.b', many).argument).toEqual({ '!': 'timestamp', value: 6 })
})

test.each([
  ['', true],
  ['-2', true],
  ['seven', true],
  ['1.5', true],
  ['@', true],
  ['9999999999999999', true],
  ['17', false],
  ['other:17', false],
])("'%s' is no position, and a BAD_OPTION (of the only topic: %s)", (after, only) => {
  let thrown: unknown
  try {
    startAt({ after }, 't', { only, now: 0 })
  } catch (error) {
    thrown = error
  }

  expect(isMillraceError(thrown, 'BAD_OPTION')).toBe(true)
})
