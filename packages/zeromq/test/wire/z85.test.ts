import { expect, test } from 'vitest'
import { decodeZ85, encodeZ85 } from '../../src/wire/z85.ts'

test('RFC 32 has a test vector', () => {
  const octets = Uint8Array.of(0x86, 0x4f, 0xd2, 0x6f, 0xb5, 0x59, 0xf7, 0x5b)

  expect(encodeZ85(octets)).toBe('HelloWorld')
  expect(decodeZ85('HelloWorld')).toEqual(octets)
})

test('every octet survives in every place', () => {
  const octets = Uint8Array.from({ length: 1024 }, (_, i) => (i + (i >> 2)) & 0xff)

  expect(decodeZ85(encodeZ85(octets))).toEqual(octets)
  expect(decodeZ85(encodeZ85(new Uint8Array(4).fill(0xff)))).toEqual(new Uint8Array(4).fill(0xff))
})

test('octets that are no multiple of four are refused', () => {
  expect(() => encodeZ85(new Uint8Array(5))).toThrow(RangeError)
})

test.each([
  ['is no multiple of five', 'Hell'],
  ['has a character that is not of the alphabet', 'Hel~o'],
  ['has a letter of another script', 'Helłö'],
  ['has a group above 2^32 - 1', '%nSc1'],
  ['has the highest group', '#####'],
])('a text that %s is no Z85', (_what, text) => {
  expect(decodeZ85(text)).toBeUndefined()
})
