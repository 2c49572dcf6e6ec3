import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Log } from '../../src/memory/log.ts'
import { OVERHEAD, weight } from '../../src/memory/run.ts'
import type { Message } from '../../src/contract.ts'
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
    const at = log.find(offset)
    expect(text(log.message(at, offset))).toBe(String(offset))
    expect([log.seq(at, offset), log.age(at)]).toEqual([offset * 10, offset * 10])
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

/** What a log is to be: an array of what it holds. */
interface Held {
  readonly offset: number
  readonly one: Message
  readonly seq: number
  readonly age: number
  readonly expires: number | undefined
}

test('holds what came alone and what came together, whatever is asked for and in whatever order it goes', () => {
  const step = fc.record({
    what: fc.constantFrom('one', 'mortal', 'batch', 'batch', 'trim', 'trim'),
    size: fc.integer({ min: 1, max: 9 }),
    bytes: fc.nat(500),
    floor: fc.nat(12),
    slack: fc.constantFrom(0, 0, 3),
    next: fc.integer({ min: 0, max: 9 }),
    asked: fc.array(fc.nat(30), { maxLength: 4 }),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), steps => {
      const log = new Log('t', 0, { start: 0 })
      let held: Held[] = []
      let seq = 1
      let age = 0
      for (const { what, size, bytes, floor, slack, next, asked } of steps) {
        seq += size // between two publishes others have their numbers
        age++
        if (what === 'trim') {
          const limit = log.head + floor
          const before = held
          const weighed = log.trim(Math.min(limit, log.tail), size, bytes, slack, next)
          held = held.filter(({ offset }) => offset >= log.head)
          const gone = before.slice(0, before.length - held.length)
          const bytesOf = (some: readonly Held[]): number => some.reduce((sum, { one }) => sum + weight(one), 0)
          expect(weighed).toBe(bytesOf(gone))
          // No further than was allowed or asked for, and not less unless all below the floor are gone, or few were left.
          expect(log.head).toBeLessThanOrEqual(Math.min(limit, log.tail))
          const last = gone.slice(0, -1)
          expect(last.length < size || bytesOf(last) < bytes).toBe(true)
          if (log.head < Math.min(limit, log.tail)) {
            expect(gone.length).toBeGreaterThanOrEqual(Math.min(size, floor) - slack)
            expect(weighed).toBeGreaterThanOrEqual(bytes)
          }
        } else {
          const count = what === 'batch' ? size : 1
          const batch = Array.from({ length: count }, (_, i) => message('x'.repeat((seq + i) % 7)))
          const expires = what === 'mortal' ? 1000 + seq : undefined
          batch.forEach((one, i) => held.push({ offset: log.tail + i, one, seq: seq + i, age, expires }))
          if (what === 'batch')
            log.appendAll(batch, seq, age, batch.reduce((sum, one) => sum + weight(one), 0)) // prettier-ignore
          else log.append(batch[0]!, seq, age, expires)
          batch.length = 0 // it is the caller's
          seq += count
        }
        expect([log.size, log.tail - log.head]).toEqual([held.length, held.length])
        if (held.length > 0) expect(log.firstSeq).toBe(held[0]!.seq)
        // Some anywhere, then all in order: what was looked for before must not matter.
        const some = asked.map(nth => held[nth % held.length]).filter(one => one !== undefined)
        for (const { offset, one, ...rest } of [...some, ...held]) {
          const at = log.find(offset)
          expect(log.message(at, offset)).toBe(one)
          expect({ seq: log.seq(at, offset), age: log.age(at), expires: log.expires(offset) }).toEqual(rest)
        }
        for (const nth of asked) {
          const { seq: after = 0, age: since = 0 } = held[nth % held.length] ?? {}
          expect(log.after(after)).toBe(held.find(one => one.seq > after)?.offset ?? log.tail)
          expect(log.since(since)).toBe(held.find(one => one.age >= since)?.offset ?? log.tail)
        }
      }
    }),
  )
})
