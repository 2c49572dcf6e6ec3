import { expect, test } from 'vitest'
import { formatMark, parseMark } from '../src/mark.ts'
import { marked, unmarked } from '../src/names.ts'
import { formatPosition, parsePosition, withOffset } from '../src/position.ts'

test('a position says of each partition what comes next', () => {
  const offsets = new Map([
    ['a.b', new Map([[0, 5], [1, 0]])],
    ['c', new Map([[0, 9_007_199_254_740_991]])],
  ]) // prettier-ignore

  expect(parsePosition(formatPosition(offsets))).toEqual(offsets)
  expect(withOffset(offsets, 'c', 0, 1).get('c')).toEqual(new Map([[0, 1]]))
  expect(offsets.get('c')?.get(0)).toBe(9_007_199_254_740_991)
})

test.each(['', 'a', 'a:', 'a:0', 'a:0=', 'a:x=1', 'a:0=1;', '42'])("'%s' is no position", position => {
  expect(() => parsePosition(position)).toThrow(/position/)
})

test('a mark comes back as it went; what another client wrote says nothing', () => {
  for (const mark of [
    { failures: 0, left: true },
    { failures: 12, left: false },
  ])
    expect(parseMark(formatMark(mark))).toEqual(mark)
  for (const other of [null, '', 'm', 'm-1', 'm1x', '{"v":1}'])
    expect(parseMark(other)).toEqual({ failures: 0, left: true })
})

test('names that Kafka takes for one another are told apart by their marks', () => {
  const alike = ['a.b_c', 'a_b.c', 'a.b.c', 'a_b_c']
  const asKafkaSeesThem = alike.map(name => marked(name).replaceAll('.', '_'))

  expect(new Set(asKafkaSeesThem).size).toBe(alike.length)
  expect(alike.map(name => unmarked(marked(name)))).toEqual(alike)
  expect(marked('plain-1')).toBe('plain-1')
})
