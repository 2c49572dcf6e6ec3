/** The words by which octets are moved: 'long' is 64 bits, for engines that keep those in registers; others make an object of each. */
export type Width = 'long' | 'short'

/** Memory as words of 64 or 32 bits. */
export type Words = BigInt64Array | Int32Array

/** Octets up to which it costs less to move words than to call `Buffer.copy`. */
export const LARGEST_MOVED: Readonly<Record<Width, number>> = { long: 384, short: 160 }

/** The order of octets in this machine's words. */
const NATIVE = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1

// In both there are four words in each turn: a turn alone costs as much as a word.

/**
 * Copies the whole words of the octets `[start, start + size)` of `view`, wherever they begin, to the octet `to` of `words`, a
 * multiple of 8. Answers how many octets those were: all but the last few.
 */
export function moveLong(view: DataView, start: number, size: number, words: BigInt64Array, to: number): number {
  const end = start + (size & ~7)
  let at = start
  let word = to >> 3
  for (; at + 32 <= end; at += 32) {
    words[word] = view.getBigInt64(at, NATIVE)
    words[word + 1] = view.getBigInt64(at + 8, NATIVE)
    words[word + 2] = view.getBigInt64(at + 16, NATIVE)
    words[word + 3] = view.getBigInt64(at + 24, NATIVE)
    word += 4
  }
  for (; at < end; at += 8) words[word++] = view.getBigInt64(at, NATIVE)
  return end - start
}

/** As `moveLong`, by words of 32 bits. */
export function moveShort(view: DataView, start: number, size: number, words: Int32Array, to: number): number {
  const end = start + (size & ~3)
  let at = start
  let word = to >> 2
  for (; at + 16 <= end; at += 16) {
    words[word] = view.getInt32(at, NATIVE)
    words[word + 1] = view.getInt32(at + 4, NATIVE)
    words[word + 2] = view.getInt32(at + 8, NATIVE)
    words[word + 3] = view.getInt32(at + 12, NATIVE)
    word += 4
  }
  for (; at < end; at += 4) words[word++] = view.getInt32(at, NATIVE)
  return end - start
}
