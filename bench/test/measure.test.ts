import { expect, test, vi } from 'vitest'
import { measure, median, type Contender } from '../measure.ts'

const reporting = (name: string, values: number[], rival?: string): Contender => ({
  name,
  ...(rival !== undefined && { rival }),
  run: () => 0,
  value: () => values.shift() ?? Number.NaN,
})

test('a row has the middle, the ends and the ratio of what came after the warm-up', async () => {
  const rows = await measure([reporting('ours', [999, 30, 10, 20], 'theirs'), reporting('theirs', [1, 5, 4, 6])], {
    case: 'c',
    size: 64,
    repeats: 3,
    warmUp: 1,
  })

  expect(rows).toEqual([
    { case: 'c', size: 64, subject: 'ours', rival: 'theirs', unit: 'msg/s', median: 20, min: 10, max: 30, ratio: 4 },
    { case: 'c', size: 64, subject: 'theirs', rival: '', unit: 'msg/s', median: 5, min: 4, max: 6, ratio: null },
  ])
})

test('contenders take turns, and who begins changes', async () => {
  const order: string[] = []
  const noting = (name: string): Contender => ({ name, run: () => order.push(name) })

  await measure([noting('a'), noting('b')], { case: 'c', size: 1, repeats: 2, warmUp: 0 })

  expect(order.join('')).toBe('abba')
})

test('a rate is what was done through the seconds it took', async () => {
  const now = vi.spyOn(performance, 'now').mockReturnValueOnce(100).mockReturnValueOnce(600)
  const [row] = await measure([{ name: 'a', run: () => 1000 }], { case: 'c', size: 1, repeats: 1, warmUp: 0 })
  now.mockRestore()

  expect(row?.median).toBe(2000)
})

test('a rival that is not there is an error', async () => {
  await expect(measure([reporting('ours', [], 'nobody')], { case: 'c', size: 1 })).rejects.toThrow("'nobody'")
})

test('the median of an even number is the mean of the middle two', () => {
  expect(median([4, 1, 3, 2])).toBe(2.5)
})

test('one with several rivals is measured once and has a row beside each', async () => {
  const ours = { ...reporting('ours', [10]), rival: ['a', 'b'] }
  const rows = await measure([ours, reporting('a', [5]), reporting('b', [20])], { case: 'c', size: 1, repeats: 1, warmUp: 0 }) // prettier-ignore

  expect(rows.map(({ rival, median, ratio }) => [rival, median, ratio])).toEqual([
    ['a', 10, 2],
    ['b', 10, 0.5],
    ['', 5, null],
    ['', 20, null],
  ])
})
