import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { newId } from '../src/id.ts'
import { json, message, text, tombstone, topic } from '../src/index.ts'
import { matches, pattern } from '../src/pattern.ts'
import { PatternTrie } from '../src/memory/pattern-trie.ts'

describe('a message', () => {
  test('is plain: it survives spreading, storing and publishing twice', () => {
    const made = message('héllo', { key: 'k', metadata: { a: 'b' } })

    expect(structuredClone({ ...made })).toEqual({ id: made.id, payload: made.payload, metadata: { a: 'b' }, key: 'k' })
    expect(text(made)).toBe('héllo')
  })

  test('reads as JSON, or says that it is none', () => {
    expect(json(message('{"a":1}'))).toEqual({ a: 1 })
    expect(() => json(message('{'))).toThrow(expect.objectContaining({ code: 'UNDECODABLE' }))
  })

  test('an id or a key that could not travel as it is is a bad option', () => {
    const bad = expect.objectContaining({ code: 'BAD_OPTION' }) as Error

    for (const id of ['', 'x'.repeat(256), '\ud800', 'a\udc00b', 'a\0b', 5 as never, null as never])
      expect(() => message('x', { id })).toThrow(bad)
    for (const key of ['\ud800', 5 as never, null as never]) expect(() => message('x', { key })).toThrow(bad)
    for (const none of [undefined, null, 5] as never[]) expect(() => tombstone(none)).toThrow(bad)
    expect(message('x', { id: 'a\r\n🌊', key: '\0\0\0\u0007' })).toMatchObject({ id: 'a\r\n🌊', key: '\0\0\0\u0007' })
  })

  test('text is read as it was written, a byte order mark too; JSON may begin with one', () => {
    expect(text(message('\ufeffa'))).toBe('\ufeffa')
    expect(json(message('\ufeff{}'))).toEqual({})
  })

  test('a tombstone has a key and nothing else', () => {
    expect(tombstone('k')).toMatchObject({ key: 'k', tombstone: true, payload: new Uint8Array(0) })
  })

  test.each([
    [{ 'a b': 'x' }],
    [{ '': 'x' }],
    [{ ['k'.repeat(129)]: 'x' }],
    [{ a: 'x', A: 'y' }],
    [{ 'millrace-id': 'x' }],
    [{ 'Millrace-Dead-Topic': 'x' }],
    [{ a: 'nul\0' }],
    [{ a: 'lone \ud800' }],
    [{ a: 7 as unknown as string }],
    [{ a: 'x'.repeat(8192) }],
  ])('metadata %j is refused', metadata => {
    expect(() => message('', { metadata })).toThrow(expect.objectContaining({ code: 'INVALID_METADATA' }))
  })

  test('metadata keys that objects know are keys like others', () => {
    const metadata = JSON.parse('{"__proto__":"a","constructor":"b","toString":"c"}') as Record<string, string>

    const made = message('', { metadata })

    expect(Object.entries(made.metadata)).toEqual(Object.entries(metadata))
  })

  test.each([[{ id: '' }], [{ id: 'x'.repeat(256) }], [{ key: 7 as unknown as string }]])(
    '%j is a bad option',
    options => {
      expect(() => message('', options)).toThrow(expect.objectContaining({ code: 'BAD_OPTION' }))
    },
  )

  test.each([
    [{ metdata: { a: 'b' } }, 'metdata'],
    [{ id: 'x', key: 'k', metadata: {}, headers: {} }, 'headers'],
    [{ key: 'k', Metadata: {} }, 'Metadata'],
    [null, 'null'],
    ['id', 'id'],
  ])('an option that there is not, as in %j, is refused by name', (options, name) => {
    const bad = expect.objectContaining({ code: 'BAD_OPTION', message: expect.stringContaining(name) as string })

    expect(() => message('', options as never)).toThrow(bad)
    expect(() => topic('t').message(1, options as never)).toThrow(bad)
    if (typeof options === 'object' && options !== null) expect(() => tombstone('k', options as never)).toThrow(bad)
  })

  test.each(['a', 'é', '語', '😀'])('metadata of %j takes its bytes in UTF-8, not a byte more', char => {
    const size = Buffer.byteLength(char)
    const value = char.repeat(Math.floor(1000 / size))
    const entries = Array.from({ length: 8 }, (_, i): [string, string] => [`k${i}`, value])
    const left = 8192 - 8 * (2 + Buffer.byteLength(value))
    const last = (bytes: number): Record<string, string> => ({
      ...Object.fromEntries(entries),
      last: 'x'.repeat(bytes - 4),
    })

    expect(Object.keys(message('', { metadata: last(left) }).metadata)).toHaveLength(9)
    expect(() => message('', { metadata: last(left + 1) })).toThrow('8192 bytes')
  })

  test('an option that is undefined is not there', () => {
    const options = { id: undefined, key: undefined, metadata: undefined, other: undefined }

    expect(message('x', options as never)).toMatchObject({ metadata: {} })
    expect(Object.keys(message('x', options as never))).toEqual(['id', 'payload', 'metadata'])
  })

  test('a payload is bytes or text', () => {
    expect(() => message(7 as unknown as string)).toThrow(expect.objectContaining({ code: 'INVALID_PAYLOAD' }))
  })
})

test('ids are UUIDv7, different, and sort in the order of their making', () => {
  const ids = Array.from({ length: 20_000 }, newId)

  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  expect(new Set(ids).size).toBe(ids.length)
  expect(ids.toSorted()).toEqual(ids)
  expect(Math.abs(parseInt(ids[0]!.replace('-', '').slice(0, 12), 16) - Date.now())).toBeLessThan(60_000) // it has one
})

describe('a pattern', () => {
  test.each([
    ['orders.*', 'orders.a', true],
    ['orders.*', 'orders', false],
    ['orders.*', 'orders.a.b', false],
    ['orders.**', 'orders', true],
    ['orders.**', 'orders.a.b.c', true],
    ['**', 'a.b', true],
    ['*.created', 'orders.created', true],
    ['orders.a', 'orders.a', true],
    ['orders.**', 'orders.a.shipping.dead', false],
    ['orders.*.*.dead', 'orders.a.shipping.dead', true],
  ])('%s and %s: %s', (set, topic, expected) => {
    expect(matches(pattern(set), topic)).toBe(expected)
  })

  test.each(['', 'a..b', 'a.**.b', 'a b', 'a*', '*a', '***', 'x'.repeat(81)])("'%s' is none", text => {
    expect(() => pattern(text)).toThrow(expect.objectContaining({ code: 'INVALID_TOPIC' }))
  })

  test('the trie finds just what matches one by one, and nothing is left of what was taken out', () => {
    const level = fc.constantFrom('a', 'b', 'dead')
    const topic = fc.array(level, { minLength: 1, maxLength: 4 }).map(levels => levels.join('.'))
    const set = fc
      .tuple(fc.array(fc.constantFrom('a', 'b', 'dead', '*'), { minLength: 1, maxLength: 3 }), fc.boolean())
      .map(([levels, rest]) => pattern([...levels, ...(rest ? ['**'] : [])].join('.')))
    fc.assert(
      fc.property(fc.array(set, { maxLength: 8 }), fc.array(topic, { maxLength: 8 }), (sets, topics) => {
        const trie = new PatternTrie<number>()
        sets.forEach((one, i) => trie.add(one, i))
        for (const name of topics) {
          const wanted = sets.flatMap((one, i) => (matches(one, name) ? [i] : []))
          expect([...trie.find(name)].toSorted((a, b) => a - b)).toEqual(wanted)
        }
        sets.forEach((one, i) => trie.remove(one, i))
        for (const name of topics) expect(trie.find(name).size).toBe(0)
      }),
    )
  })
})
