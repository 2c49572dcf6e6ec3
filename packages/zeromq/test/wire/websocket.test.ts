import { expect, test } from 'vitest'
import {
  LONGEST_WS_HEADER,
  maskOctets,
  WS_BINARY,
  WS_PING,
  WsHeader,
  wsHeaderSize,
  writeWsHeader,
} from '../../src/wire/websocket.ts'

const MASK = Uint8Array.of(0x37, 0xfa, 0x21, 0x3d)

test.each([0, 1, 125, 126, 65_535, 65_536, 2 ** 32, 2 ** 53 - 1])(
  'a header for %i octets is read as it was written',
  size => {
    for (const mask of [undefined, MASK]) {
      const buffer = new Uint8Array(2 + LONGEST_WS_HEADER)
      const header = new WsHeader()

      const end = writeWsHeader(buffer, 2, WS_BINARY, size, mask)

      expect(end - 2).toBe(wsHeaderSize(size, mask !== undefined))
      for (let short = 2; short < end; short++) expect(header.read(buffer, 2, short)).toBe(false)
      expect(header.read(buffer, 2, end)).toBe(true)
      const masked = mask !== undefined
      expect(header).toMatchObject({ final: true, opcode: WS_BINARY, masked, size, length: end - 2, fault: '' })
      if (mask !== undefined) expect(header.mask).toEqual(mask)
    }
  },
)

test('the masked text of RFC 6455 §5.7 says Hello', () => {
  const frame = Uint8Array.of(0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58)

  maskOctets(frame, 6, 11, frame.slice(2, 6), 0)

  expect(new TextDecoder().decode(frame.subarray(6))).toBe('Hello')
})

test('masking by words is masking octet by octet, wherever the octets lie and whatever went before', () => {
  for (let offset = 0; offset < 5; offset++) {
    for (let start = 0; start < 5; start++) {
      for (let phase = 0; phase < 5; phase++) {
        for (const size of [0, 1, 3, 4, 15, 16, 17, 40]) {
          const octets = new Uint8Array(new ArrayBuffer(64), offset).fill(0x55)
          const expected = octets.slice()
          for (let i = 0; i < size; i++) expected[start + i]! ^= MASK[(phase + i) & 3]!

          expect(maskOctets(octets, start, start + size, MASK, phase)).toBe((phase + size) & 3)

          expect(octets).toEqual(expected)
        }
      }
    }
  }
})

test.each([
  ['reserved bits', [0xc2, 0]],
  ['an unknown opcode', [0x83, 0]],
  ['an unknown control opcode', [0x8b, 0]],
  ['a control frame in fragments', [WS_PING, 0]],
  ['a control frame of 126 octets', [0x89, 126, 0, 126]],
  ['a length of 16 bits that 7 would do for', [0x82, 126, 0, 125]],
  ['a length of 64 bits that 16 would do for', [0x82, 127, 0, 0, 0, 0, 0, 0, 0xff, 0xff]],
])('%s is a fault', (_what, octets) => {
  const header = new WsHeader()

  expect(header.read(Uint8Array.from(octets), 0, octets.length)).toBe(true)

  expect(header.fault).not.toBe('')
})

test('a size of 2^63 is larger than any limit', () => {
  const header = new WsHeader()

  header.read(Uint8Array.of(0x82, 127, 0x7f, 0, 0, 0, 0, 0, 0, 0), 0, 10)

  expect(header.size).toBe(Infinity)
})
