import { describe, expect, test } from 'vitest'
import { KeyGate } from '../../src/adapter/key-gate.ts'

describe('the key gate', () => {
  test('lets different keys through at the same time', () => {
    const gate = new KeyGate<string>()

    expect([gate.enter('a', 'a1', 'a1'), gate.enter('b', 'b1', 'b1')]).toEqual([true, true])
    expect(gate.waiting).toBe(0)
  })

  test('lets one of a key through at a time, in the order of entering', () => {
    const gate = new KeyGate<string>()
    gate.enter('a', 'a1', 'a1')

    expect([gate.enter('a', 'a2', 'a2'), gate.enter('a', 'a3', 'a3')]).toEqual([false, false])
    expect([gate.leave('a'), gate.leave('a'), gate.leave('a')]).toEqual(['a2', 'a3', undefined])
    expect([gate.waiting, gate.keys]).toEqual([0, 0])
  })

  test('keeps a key closed until the failed one is back, and only that key', () => {
    const gate = new KeyGate<string>()
    gate.enter('a', 'a1', 'token-1')
    gate.enter('a', 'a2', 'token-2')

    gate.hold('a', 'token-1')

    expect(gate.leave('a')).toBeUndefined()
    expect(gate.enter('b', 'b1', 'b1')).toBe(true)
    expect(gate.enter('a', 'a3', 'token-3')).toBe(false)
    expect(gate.keyOf('token-1')).toBe('a')
    expect(gate.enter('a', 'a1 again', 'token-1')).toBe(true)
    expect([gate.leave('a'), gate.leave('a')]).toEqual(['a2', 'a3'])
  })

  test('puts early ones before all that wait, in their own order', () => {
    const gate = new KeyGate<string>()
    gate.enter('a', 'a1', 'a1')
    gate.enter('a', 'a3', 'a3')

    gate.enter('a', 'a1 again', 'a1 again', true)
    gate.enter('a', 'a2', 'a2', true)

    expect([gate.leave('a'), gate.leave('a'), gate.leave('a')]).toEqual(['a1 again', 'a2', 'a3'])
  })

  test('opens the keys of those that will not come back', () => {
    const gate = new KeyGate<string>()
    gate.enter('a', 'a1', 'a1')
    gate.enter('a', 'a2', 'a2')
    gate.enter('b', 'b1', 'b1')
    gate.hold('a', 'a1')
    gate.hold('b', 'b1')

    expect(gate.reopen()).toEqual([{ key: 'a', item: 'a2' }])
    expect([gate.keys, gate.keyOf('a1')]).toEqual([1, undefined])
    expect(gate.enter('b', 'b2', 'b2')).toBe(true)
  })

  test('gives out what waits, chosen or all, and goes on with the rest', () => {
    const gate = new KeyGate<string>()
    for (const item of ['a1', 'a2', 'a3', 'a4']) gate.enter('a', item, item)

    expect(gate.take(item => item === 'a3')).toEqual(['a3'])
    expect([gate.leave('a'), gate.waiting]).toEqual(['a2', 1])
    expect(gate.take()).toEqual(['a4'])
    expect([gate.leave('a'), gate.keys]).toEqual([undefined, 0])
  })

  test('leaving or holding an open key is nothing', () => {
    const gate = new KeyGate<string>()
    gate.hold('a', 'a1')

    expect([gate.leave('a'), gate.keys, gate.keyOf('a1')]).toEqual([undefined, 0, undefined])
  })
})
