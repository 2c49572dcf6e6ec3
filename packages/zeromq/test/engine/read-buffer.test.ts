import { expect, test } from 'vitest'
import { ReadBuffer } from '../../src/engine/read-buffer.ts'
import { LARGE_SLAB, SlabPool } from '../../src/pipe/slab.ts'

/** Octets that a large frame may lack. */
const MUCH = 2000

function streaming(pool: SlabPool): ReadBuffer {
  const read = new ReadBuffer(pool, new Uint8Array(65_536))
  read.space(0)
  read.filled(65_536)
  return read
}

/** One whose slab has no more room. */
function full(pool: SlabPool): ReadBuffer {
  const read = streaming(pool)
  read.filled(read.space(0).length)
  return read
}

test('what an ended link still reads goes into memory that nobody else uses', () => {
  const pool = new SlabPool()
  const read = streaming(pool)
  const space = read.space(0)

  read.close()

  expect(pool.take(LARGE_SLAB).bytes.buffer).not.toBe(space.buffer)
})

test('half a read that waits is not copied to make room for the next', () => {
  const pool = new SlabPool()
  const read = full(pool)
  const before = read.slab
  read.at = read.end - 40_000

  const space = read.space(MUCH, true)

  expect(read.slab).toBe(before)
  expect(space.length).toBeGreaterThan(100_000)
  expect(space.buffer).not.toBe(before?.bytes.buffer)
})

test.each([0, 40_000])(
  'a read of small frames takes 64 KiB, one of larger frames what there is room for, while %d octets wait',
  waiting => {
    const [small, large] = [full(new SlabPool()), full(new SlabPool())]
    for (const read of [small, large]) read.at = read.end - waiting

    expect(small.space(0, waiting > 0).length).toBe(65_536)
    expect(large.space(MUCH, waiting > 0).length).toBeGreaterThan(100_000)
  },
)

test('frames are taken for larger ones until eight in turn were cut off where little was missing', () => {
  const read = streaming(new SlabPool())
  const sizes: number[] = []

  for (const wanted of [MUCH, 0, MUCH, 10, 0, 10, 0, 10, 0, 10, 0]) {
    read.at = read.end
    sizes.push(read.space(wanted).length)
    read.filled(65_536)
  }

  expect(sizes).toEqual([...Array.from({ length: 10 }, () => LARGE_SLAB), 65_536])
})

test.each([0, 1, 100, 16_384, 16_385, 40_000])(
  'a frame of which %d octets were read goes on in the next read',
  kept => {
    const read = full(new SlabPool())
    const all = Buffer.from(Array.from({ length: kept + 20_000 }, (_, i) => i % 253))
    read.slab?.bytes.set(all.subarray(0, kept), read.end - kept)
    read.at = read.end - kept

    read.space(0, true).set(all.subarray(kept))
    read.filled(20_000)

    expect(read.slab?.bytes.subarray(read.at, read.end).equals(all)).toBe(true)
  },
)
