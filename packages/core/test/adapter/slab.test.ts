import { expect, test } from 'vitest'
import { Slab } from '../../src/adapter/slab.ts'
import { settled as turn } from '../../src/testing/virtual-clock.ts'

function made(most = 16 * 1024) {
  const written: string[] = []
  const slab = new Slab(bytes => written.push(bytes.toString('latin1')), most)
  const put = (text: string): void => {
    slab.room(text.length)
    slab.at += slab.bytes.write(text, slab.at, 'latin1')
  }
  return { slab, written, put }
}

test('what is gathered in a turn leaves at its end, in one piece and in order', async () => {
  const { slab, written, put } = made()
  for (const text of ['a', 'b', 'c']) {
    put(text)
    slab.due('turn')
  }

  expect([written, slab.isEmpty]).toEqual([[], false])
  await turn()
  await turn()

  expect([written, slab.isEmpty]).toEqual([['abc'], true])
})

test('what is due soon does not wait for the end of the turn, also where that was the word before', async () => {
  const { slab, written, put } = made()
  put('a')
  slab.due('turn')
  put('b')
  slab.due('soon')

  await Promise.resolve()
  await new Promise<void>(resolve => process.nextTick(resolve))

  expect(written).toEqual(['ab'])
})

test('as much as is gathered at most is written at once', () => {
  const { slab, written, put } = made(4)
  put('abc')
  slab.due('turn')
  expect(written).toEqual([])

  put('de')
  slab.due('turn')

  expect(written).toEqual(['abcde'])
})

test('what was written keeps its bytes, whatever comes after it', () => {
  const kept: Buffer[] = []
  const slab = new Slab(bytes => kept.push(bytes), 1)
  const texts = Array.from({ length: 1000 }, (_, i) => `${i}`.repeat(1 + (i % 90)))

  for (const text of texts) {
    slab.room(text.length)
    slab.at += slab.bytes.write(text, slab.at, 'latin1')
    slab.flush()
  }

  expect(kept.map(bytes => bytes.toString('latin1'))).toEqual(texts)
})

test('there is room for what is larger than any memory before, behind what was gathered', () => {
  const { slab, written, put } = made()
  const large = 'x'.repeat(200_000)
  put('a')
  put(large)
  slab.flush()
  slab.flush()

  expect(written).toEqual(['a', large])
})
