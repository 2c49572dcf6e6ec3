import { expect, test } from 'vitest'
import { commandName, decodeError, encodeCommand, encodeError, isCommand } from '../../src/wire/command.ts'

test('a command is its name with its length, then its data', () => {
  const body = encodeCommand('JOIN', Uint8Array.of(1, 2), Uint8Array.of(3))

  expect([...body]).toEqual([4, 0x4a, 0x4f, 0x49, 0x4e, 1, 2, 3])
  expect(commandName(body, 0, body.length)).toBe('JOIN')
  expect(isCommand('JOIN', body, 0, body.length)).toBe(true)
  expect(isCommand('join', body, 0, body.length)).toBe(false)
})

test.each([
  ['has no octets', []],
  ['has a name of no octets', [0, 1]],
  ['ends within its name', [4, 0x4a, 0x4f]],
])('a body that %s is no command', (_what, octets) => {
  const body = Uint8Array.from(octets)

  expect(commandName(body, 0, body.length)).toBeUndefined()
  expect(isCommand('JOIN', body, 0, body.length)).toBe(false)
})

test('nothing is read beyond the end of a command that lies in a larger buffer', () => {
  const buffer = encodeCommand('PING', Uint8Array.of(0, 0))

  expect(isCommand('PING', buffer, 0, 4)).toBe(false)
  expect(commandName(buffer, 0, 4)).toBeUndefined()
})

test('an error keeps its reason', () => {
  const body = encodeError('400')

  expect([...body]).toEqual([5, 0x45, 0x52, 0x52, 0x4f, 0x52, 3, 0x34, 0x30, 0x30])
  expect(decodeError(body, 0, body.length)).toBe('400')
})

test('an error whose reason is shorter or longer than it says is malformed', () => {
  const body = encodeError('400')

  expect(decodeError(body, 0, body.length - 1)).toBeUndefined()
  expect(decodeError(Uint8Array.of(...body, 0), 0, body.length + 1)).toBeUndefined()
  expect(decodeError(body, 0, 6)).toBeUndefined()
})

test('a reason of more than 255 octets is cut', () => {
  const body = encodeError('x'.repeat(300))

  expect(decodeError(body, 0, body.length)).toBe('x'.repeat(255))
})
