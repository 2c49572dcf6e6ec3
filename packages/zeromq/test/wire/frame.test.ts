import { describe, expect, test } from 'vitest'
import {
  COMMAND,
  FrameHeader,
  headerSize,
  headerSizeOne,
  LONG,
  LONGEST_HEADER,
  MORE,
  writeHeader,
  writeHeaderOne,
} from '../../src/wire/frame.ts'

const SIZES = [0, 1, 253, 254, 255, 256, 65_535, 65_536, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1]

describe.each([
  ['2 and 3', writeHeader, headerSize, 'read'],
  ['1.0', writeHeaderOne, headerSizeOne, 'readOne'],
] as const)('in ZMTP %s', (_version, write, sizeOf, read) => {
  test.each(SIZES)('a header for %i octets is read as it was written, and never before it is whole', size => {
    if (read === 'readOne' && size === 2 ** 53 - 1) size -= 1 // flags and body are counted together
    const buffer = new Uint8Array(3 + LONGEST_HEADER)
    const header = new FrameHeader()

    const end = write(buffer, 3, MORE, size)

    expect(end - 3).toBe(sizeOf(size))
    for (let short = 3; short < end; short++) expect(header[read](buffer, 3, short)).toBe(false)
    expect(header[read](buffer, 3, end)).toBe(true)
    expect(header).toMatchObject({ flags: MORE, size, length: end - 3 })
  })
})

test('a long size may be small', () => {
  const header = new FrameHeader()

  expect(header.read(Uint8Array.of(LONG, 0, 0, 0, 0, 0, 0, 0, 5), 0, 9)).toBe(true)

  expect(header).toMatchObject({ flags: 0, size: 5, length: 9 })
})

test('reserved flags are taken out', () => {
  const header = new FrameHeader()

  header.read(Uint8Array.of(0xfd, 7), 0, 2)

  expect(header.flags).toBe(MORE | COMMAND)
})

test('a size beyond what a number holds is larger than any limit', () => {
  const header = new FrameHeader()

  header.read(Uint8Array.of(LONG, 0, 0x20, 0, 0, 0, 0, 0, 0), 0, 9)

  expect(header.size).toBe(Infinity)
})

test('a ZMTP 1.0 frame without room for its flags has a size of -1', () => {
  const header = new FrameHeader()

  header.readOne(Uint8Array.of(0, 1), 0, 2)

  expect(header).toMatchObject({ size: -1, flags: 0 })
})
