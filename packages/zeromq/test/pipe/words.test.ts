import { expect, test } from 'vitest'
import { moveLong, moveShort } from '../../src/pipe/words.ts'

test.each([
  ['64 bits', 8, moveLong, BigInt64Array],
  ['32 bits', 4, moveShort, Int32Array],
] as const)(
  'words of %s are moved from wherever they begin, and nothing beside them is touched',
  (_, width, move, Words) => {
    const source = Buffer.from(Array.from({ length: 600 }, (_octet, i) => (i * 7) % 251))
    const view = new DataView(source.buffer, source.byteOffset, source.length)

    for (const size of [0, 1, 3, 4, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100, 255, 384])
      for (const start of [0, 1, 2, 3, 5, 8, 9, 200]) {
        const target = Buffer.alloc(512, 255)
        const words = new Words(target.buffer, target.byteOffset, target.length / Words.BYTES_PER_ELEMENT)
        const moved = move(view, start, size, words as BigInt64Array & Int32Array, 16)

        expect(moved).toBe(size - (size % width))
        expect(target.subarray(16, 16 + moved).equals(source.subarray(start, start + moved))).toBe(true)
        expect(target.every((octet, i) => (i >= 16 && i < 16 + moved) || octet === 255)).toBe(true)
      }
  },
)
