import { expect, test } from 'vitest'
import { AckWindow } from '../src/ack-window.ts'

/** What goes out for each batch of tags, as 'tag' or '≤tag'. */
function sent(...batches: number[][]): string[][] {
  const window = new AckWindow()
  return batches.map(tags => {
    const frames: string[] = []
    window.acknowledge(tags, (tag, multiple) => frames.push(`${multiple ? '≤' : ''}${tag}`))
    return frames
  })
}

test('a run from the first tag on goes out as one frame', () => {
  expect(sent([1, 2, 3], [4, 5])).toEqual([['≤3'], ['≤5']])
})

test('one tag alone is acknowledged alone', () => {
  expect(sent([1], [2])).toEqual([['1'], ['2']])
})

test('behind a tag that is not settled every tag is acknowledged by itself', () => {
  expect(sent([2, 3], [5])).toEqual([['2', '3'], ['5']])
})

test('a run that closes a gap covers what was settled beyond it, and nothing more', () => {
  expect(sent([2, 4], [1, 3], [6, 5])).toEqual([['2', '4'], ['≤3'], ['≤6']])
})

test('tags that were requeued count as settled, and are never acknowledged', () => {
  const window = new AckWindow()
  const frames: string[] = []
  window.settled(1)

  window.acknowledge([3, 2], (tag, multiple) => frames.push(`${multiple ? '≤' : ''}${tag}`))

  expect(frames).toEqual(['≤3'])
  expect(window.ahead).toBe(0)
})

test('whatever the order, a frame with multiple settles no tag that was not settled', () => {
  let seed = 7
  const random = (below: number): number => (seed = (seed * 16807) % 2147483647) % below
  for (let round = 0; round < 200; round++) {
    const window = new AckWindow()
    const left = Array.from({ length: 40 }, (_, i) => i + 1)
    const decided = new Set<number>()
    const settled = new Set<number>()
    while (left.length > 0) {
      const batch = Array.from(
        { length: Math.min(left.length, 1 + random(6)) },
        () => left.splice(random(left.length), 1)[0]!,
      ) // below the length
      if (random(4) === 0)
        for (const tag of batch) {
          decided.add(tag)
          settled.add(tag)
          window.settled(tag)
        }
      else {
        for (const tag of batch) decided.add(tag)
        window.acknowledge(batch, (tag, multiple) => {
          for (let one = multiple ? 1 : tag; one <= tag; one++) {
            expect(decided.has(one)).toBe(true)
            settled.add(one)
          }
        })
      }
      expect(settled).toEqual(decided)
    }
    expect(window.ahead).toBe(0)
  }
})
