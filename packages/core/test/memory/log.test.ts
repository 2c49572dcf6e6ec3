import { expect, test } from 'vitest'
import { Log, OVERHEAD } from '../../src/memory/log.ts'
import { message, text } from '../../src/message.ts'

/** Ten apart in sequence and in time, so that what lies between two can be asked for. */
function filled(count: number): Log {
  const log = new Log('t', 0, { start: 1000 })
  for (let i = 0; i < count; i++) log.append(message(String(i)), i * 10, 1000 + i * 10, undefined)
  return log
}

test('keeps every message in its order while it grows and wraps', () => {
  const log = filled(3)

  for (let i = 3; i < 500; i++) {
    if (i % 3 === 0) log.shift()
    log.append(message(String(i)), i * 10, 1000 + i * 10, i % 7 === 0 ? i : undefined)
  }

  for (let offset = log.head; offset < log.tail; offset++) {
    expect(text(log.message(offset))).toBe(String(offset))
    expect([log.seq(offset), log.age(offset)]).toEqual([offset * 10, offset * 10])
    expect(log.expires(offset)).toBe(offset >= 3 && offset % 7 === 0 ? offset : undefined)
  }
})

test('finds the first after a sequence number, and the first at a time or later', () => {
  const log = filled(20)
  for (let i = 0; i < 5; i++) log.shift()

  expect([-1, 0, 49, 50, 59, 190, 500].map(seq => log.after(seq))).toEqual([5, 5, 5, 6, 6, 20, 20])
  expect([0, 1050, 1051, 1190, 1191].map(time => log.since(time))).toEqual([5, 5, 6, 19, 20])
})

test('says what it forgot weighed, and knows nothing of it any more', () => {
  const log = new Log('t', 0, { start: 0 })
  log.append(message('12345'), 1, 0, 99)

  expect(log.shift()).toBe(5 + OVERHEAD)
  expect([log.size, log.expires(0), log.mortal]).toEqual([0, undefined, true])
})

test.each([
  ['so many are gone', 20, 3, 0, 3],
  ['so many bytes are gone', 20, 0, 2 * (1 + OVERHEAD) + 1, 3],
  ['both are', 20, 2, 3 * (1 + OVERHEAD), 3],
  ['only those that all have settled are left', 2, 5, 0, 2],
  ['none, where nothing has to go', 20, 0, 0, 0],
])('trims from the front until %s', (_, floor, messages, bytes, gone) => {
  const log = filled(10)

  expect(log.trim(floor, messages, bytes)).toBe(gone * (1 + OVERHEAD))

  expect([log.head, log.size]).toEqual([gone, 10 - gone])
})

test('takes a batch as it takes one after another, where messages that expired stood before', () => {
  const log = new Log('t', 0, { start: 1000 })
  for (let i = 0; i < 3; i++) log.append(message('mortal'), i, 1000, 5)
  for (let i = 0; i < 3; i++) log.shift()

  for (const [at, size] of [
    [3, 2],
    [5, 40],
    [45, 1],
  ] as const) {
    log.appendAll(
      Array.from({ length: size }, (_, i) => message(String(at + i))),
      (at + 1) * 10,
      1000 + at,
    )
    for (let i = 0; i < size; i++) {
      const offset = at + i
      expect(text(log.message(offset))).toBe(String(offset))
      expect([log.seq(offset), log.age(offset), log.expires(offset)]).toEqual([(at + 1) * 10 + i, at, undefined])
    }
  }
  expect([log.head, log.tail]).toEqual([3, 46])
})
