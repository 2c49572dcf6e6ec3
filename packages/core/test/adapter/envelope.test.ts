import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { foreignId, fromHeaders, opened, seal, toHeaders, unseal } from '../../src/adapter/envelope.ts'
import { message, tombstone } from '../../src/message.ts'

const whole = message(new Uint8Array([0, 255, 7]), { key: 'ké', metadata: { a: 'é', __proto__x: 'b' } })

describe('headers', () => {
  test('carry a message there and back', () => {
    const headers = toHeaders(whole, { time: 5, expires: 9, attempt: 3 })

    const read = fromHeaders(Object.entries(headers))

    expect(opened(read, whole.payload, () => 'none')).toEqual(whole)
    expect(read).toMatchObject({ time: 5, expires: 9, attempt: 3 })
  })

  test('a tombstone stays one', () => {
    const gone = tombstone('k')

    expect(opened(fromHeaders(Object.entries(toHeaders(gone))), gone.payload, () => 'none')).toEqual(gone)
  })

  test("another producer's values become strings, and its impossible keys are left out", () => {
    const foreign: [string, unknown][] = [
      ['n', 7],
      ['bytes', new Uint8Array([0xc3, 0xa9])],
      ['table', { x: [1] }],
      ['nothing', null],
      ['nul', 'a\0b'],
      ['lone', '\ud800'],
      ['spaced key', 'x'],
      ['__proto__', 'p'],
      ['millrace-attempt', 'many'],
      ['millrace-secret', 'x'],
    ]

    const read = fromHeaders(foreign)

    expect(Object.entries(read.metadata)).toEqual([
      ['n', '7'],
      ['bytes', 'é'],
      ['table', '{"x":[1]}'],
      ['nul', 'ab'],
      ['lone', '\ufffd'],
      ['__proto__', 'p'],
    ])
    expect([read.id, read.attempt]).toEqual([undefined, undefined])
  })

  test('of several headers of one name the last counts, whatever its name', () => {
    const twice: [string, unknown][] = ['a', '__proto__', 'millrace-id'].flatMap(name => [
      [name, '1'],
      [name, '2'],
    ])

    const read = fromHeaders(twice)

    expect(Object.entries(read.metadata)).toEqual([
      ['a', '2'],
      ['__proto__', '2'],
    ])
    expect(read.id).toBe('2')
  })

  test('a message without an id gets one from its place, the same each time', () => {
    const id = foreignId('topic', 3, 99n)

    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(foreignId('topic', 3, 99n)).toBe(id)
    expect(foreignId('topic', 39, 9n)).not.toBe(id)
  })
})

describe('the envelope', () => {
  test('carries a message there and back', () => {
    const { message: read, stamp } = unseal(seal(whole, { time: 5, attempt: 2 }))

    expect({ ...read, payload: new Uint8Array(read.payload) }).toEqual(whole)
    expect(stamp).toMatchObject({ time: 5, attempt: 2 })
  })

  test('anything else is undecodable, and nothing worse', () => {
    const json = fc.json().map(text => new TextEncoder().encode(text))
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), json), bytes => {
        expect(() => unseal(bytes)).toThrow(expect.objectContaining({ code: 'UNDECODABLE' }))
      }),
    )
  })

  test('strange fields of an envelope do no harm', () => {
    const strange = {
      v: 1,
      id: 'x',
      payload: '!!!',
      metadata: { a: 7, 'b c': 'x' },
      key: 9,
      time: 'soon',
      attempt: null,
    }

    const { message: read, stamp } = unseal(new TextEncoder().encode(JSON.stringify(strange)))

    expect(read).toMatchObject({ id: 'x', metadata: { a: '7' } })
    expect(read.key).toBeUndefined()
    expect(stamp).toEqual({ time: undefined, expires: undefined, attempt: undefined })
  })
})
