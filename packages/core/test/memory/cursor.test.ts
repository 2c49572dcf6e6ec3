import fc from 'fast-check'
import { expect, test } from 'vitest'
import { message } from '../../src/message.ts'
import type { Consumer } from '../../src/memory/consumer.ts'
import { Cursor } from '../../src/memory/cursor.ts'
import type { Group } from '../../src/memory/group.ts'
import type { Hand } from '../../src/memory/hand.ts'
import { Log } from '../../src/memory/log.ts'

const NOBODY = { epoch: 0 } as Consumer

test('knows what is handed out, waits or is settled, in whatever order it happens', () => {
  const step = fc.tuple(fc.constantFrom('take', 'lend', 'skip', 'settle', 'wait', 'give', 'keep', 'drop'), fc.nat(12))
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), steps => {
      const log = new Log('t', 0, { start: 0 })
      const cursor = new Cursor(undefined as unknown as Group, log, 0)
      /** By offset: who has it, or that nobody has; those that are settled are not in it. */
      const open = new Map<number, Hand | 'waits' | 'lent'>()
      const was: Hand[] = []
      /** Nobody need remember it. Its handler ends before anything but a take or a drop can happen. */
      let lent: Hand | undefined
      const keep = (): void => {
        if (lent) cursor.keep(lent, NOBODY)
        if (lent && open.has(lent.offset)) open.set(lent.offset, lent)
        lent = undefined
      }
      let handed = 0
      for (const [what, which] of steps) {
        if (what !== 'take' && what !== 'lend' && what !== 'drop') keep()
        const offset = [...open.keys()][which % Math.max(1, open.size)]
        if (what === 'lend') {
          if (cursor.next !== cursor.floor) continue
          log.append(message('x'), log.tail, 0, undefined)
          lent = cursor.lend(NOBODY)
          open.set(lent.offset, 'lent')
          was.push(lent)
          handed++
        } else if (what === 'take' || what === 'skip') {
          log.append(message('x'), log.tail, 0, undefined)
          if (what === 'skip') cursor.skip()
          else {
            const hand = cursor.take(NOBODY)
            open.set(hand.offset, hand)
            was.push(hand)
          }
          handed++
        } else if (offset !== undefined && what === 'settle') {
          cursor.settle(offset)
          open.delete(offset)
        } else if (offset !== undefined && what === 'wait') {
          cursor.wait(offset)
          open.set(offset, 'waits')
        } else if (offset !== undefined && what === 'give') {
          const hand = was.find(one => one.offset === offset)
          if (!hand) continue
          cursor.give(hand, NOBODY)
          open.set(offset, hand)
        } else if (what === 'drop' && log.size > 0) {
          expect(cursor.drop()).toBe(open.has(log.head))
          open.delete(log.head)
          log.shift()
        }
        const lowest = Math.min(handed, ...open.keys())
        expect([cursor.next, cursor.floor, cursor.pending]).toEqual([handed, lowest, open.size])
        for (const hand of was) expect(cursor.valid(hand)).toBe(open.get(hand.offset) === hand)
        for (const [one, state] of open) expect(cursor.waits(one)).toBe(state === 'waits')
        expect(cursor.inFlight).toBe([...open.values()].filter(state => state !== 'waits').length)
        expect([...cursor.held()]).toEqual([...open.values()].filter(state => typeof state !== 'string').toSorted((a, b) => a.offset - b.offset)) // prettier-ignore
      }
    }),
  )
})
