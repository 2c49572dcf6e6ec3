import { expect, test } from 'vitest'
import { InHand } from '../src/in-hand.ts'

interface One {
  readonly offset: number
  slot: number
}

function filled(...offsets: readonly number[]): { hand: InHand<One>; all: One[] } {
  const hand = new InHand<One>()
  const all = offsets.map(offset => ({ offset, slot: 0 }))
  for (const one of all) hand.add(one)
  return { hand, all }
}

test('settled in any order, the oldest is the first that is not', () => {
  const { hand, all } = filled(3, 5, 9, 12)

  const seen = [2, 0, 1, 3].map(index => [hand.settle(all[index]!), hand.oldest?.offset, hand.spread, hand.size])

  expect(seen).toEqual([
    [false, 3, 9, 3],
    [true, 5, 7, 2],
    [true, 12, 0, 1],
    [true, undefined, 0, 0],
  ])
})

test('what is settled twice moves nothing and counts once', () => {
  const { hand, all } = filled(0, 1, 2)

  hand.settle(all[1]!)

  expect([hand.settle(all[1]!), hand.size]).toEqual([false, 2])
  expect([hand.settle(all[0]!), hand.settle(all[0]!), hand.size]).toEqual([true, false, 1])
})

test('a replacement stands in its place, and settles it', () => {
  const { hand, all } = filled(0, 1)
  const again = { offset: 0, slot: all[0]!.slot }

  hand.replace(again)

  expect([...hand]).toEqual([again, all[1]])
  expect([...hand][0]).toBe(again)
  expect(hand.settle(again)).toBe(true)
})

test('what is settled is not replaced', () => {
  const { hand, all } = filled(0, 1)
  hand.settle(all[0]!)

  hand.replace(all[0]!)

  expect([...hand]).toEqual([all[1]])
})

test('thousands pass through, some of them slowly, as through a plain list', () => {
  const hand = new InHand<One>()
  const model: One[] = []
  const gone = new Set<One>()
  for (let round = 0; round < 5_000; round++) {
    const one = { offset: round * 2, slot: 0 }
    hand.add(one)
    model.push(one)
    // Every hundredth stays for long: the ring must grow around it.
    const other = model[(round * 7) % model.length]!
    if (other.offset % 200 !== 0 || round - other.offset / 2 > 400) {
      hand.settle(other)
      gone.add(other)
    }
    if (round % 500 !== 499) continue
    const left = model.filter(kept => !gone.has(kept))

    expect([...hand]).toEqual(left)
    expect(hand.size).toBe(left.length)
    expect(hand.oldest).toBe(left[0])
  }
})
