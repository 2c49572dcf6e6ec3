import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Trie } from '../../src/pattern/trie.ts'

// Few octets and short topics, so that they share prefixes.
const topic = fc.uint8Array({ min: 0, max: 2, maxLength: 6 })
const step = fc.record({ remove: fc.boolean(), topic })

test('a trie finds what a list of topics finds, whatever is added and removed', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.array(topic, { maxLength: 20 }), (steps, texts) => {
      const trie = new Trie<string>()
      const list = new Map<string, string>()
      for (const { remove, topic: name } of steps) {
        const key = Buffer.from(name).toString('hex')
        if (remove) expect(trie.delete(name)).toBe(list.delete(key))
        else {
          trie.set(name, key)
          list.set(key, key)
        }
      }

      expect(trie.size).toBe(list.size)
      for (const text of texts) {
        const hex = Buffer.from(text).toString('hex')
        const prefixes = [...list.keys()].filter(key => hex.startsWith(key)).toSorted((a, b) => a.length - b.length)
        const found: string[] = []
        const count = trie.match(text, text.length, found)
        expect(found.slice(0, count)).toEqual(prefixes)
        expect(trie.matches(text)).toBe(prefixes.length > 0)
        expect(trie.get(text)).toBe(list.get(hex))
      }
      const entries = [...trie.entries()]
      expect(entries.map(([name]) => Buffer.from(name).toString('hex')).toSorted()).toEqual([...list.keys()].toSorted())
    }),
    { numRuns: 300 },
  )
})

test('a topic of a megabyte and two thousand nested topics are walked without recursion', () => {
  const trie = new Trie<number>()
  const long = new Uint8Array(1 << 20)
  trie.set(long, 1)
  for (let length = 0; length < 2000; length++) trie.set(long.subarray(0, length), length)

  expect(trie.size).toBe(2001)
  expect(trie.match(long, long.length, [])).toBe(2001)
  expect(trie.longest).toBe(long.length)

  for (let length = 0; length < 2000; length++) expect(trie.delete(long.subarray(0, length))).toBe(true)
  expect(trie.get(long)).toBe(1)
})

test('a part of a larger buffer is matched by its own octets alone', () => {
  const trie = new Trie<true>()
  trie.set(Buffer.from('news'), true)

  expect(trie.matches(Buffer.from('xxnews.local'), 2)).toBe(true)
  expect(trie.matches(Buffer.from('xxnews'), 2, 5)).toBe(false)
})

test('the caller may reuse the memory of a topic it added', () => {
  const trie = new Trie<true>()
  const scratch = Buffer.from('news')
  trie.set(scratch, true)
  scratch.fill('x')

  expect(trie.matches(Buffer.from('news'))).toBe(true)
})
