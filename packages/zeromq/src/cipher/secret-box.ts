import { Poly1305 } from './poly1305.ts'
import { salsa20 } from './salsa20.ts'

/**
 * XSalsa20-Poly1305 in plain JavaScript, after HSalsa20 has made the subkey. Works through a scratch of 16 KiB, so that a large
 * message costs no memory; the tag is verified before an octet is released. One object serves every connection: it holds
 * nothing between calls but what `wipe` clears.
 *
 * A *head* is an octet of the plaintext in front of the body (CURVE's inner flags), so that nobody has to copy the body behind it.
 */
export class SecretBox {
  readonly #octets = new Uint8Array(SCRATCH + 16)
  readonly #words = new Int32Array(this.#octets.buffer)
  readonly #first = new Int32Array(16)
  readonly #poly = new Poly1305()

  /**
   * Seals `head` (none where it is negative) and `source[start, end)`: the tag, 16 octets, then the ciphertext,
   * into `target` from `offset`. (n0, n1) are the last 8 octets of the nonce as little-endian words.
   */
  seal(
    subkey: Int32Array,
    n0: number,
    n1: number,
    head: number,
    source: Uint8Array,
    start: number,
    end: number,
    target: Uint8Array,
    offset: number,
  ): void {
    const octets = this.#octets
    const poly = this.#poly
    let from = start
    let to = offset + 16
    let at = FIRST
    let extra = head < 0 ? 0 : 1
    if (extra === 1) octets[FIRST] = head
    this.#begin(subkey, n0, n1)
    for (let block = 1; ; at = 0) {
      const taken = Math.min(end - from, SCRATCH - at - extra)
      copy(source, from, taken, octets, at + extra)
      from += taken
      const length = taken + extra
      extra = 0
      block = this.#mix(subkey, n0, n1, block, at, length)
      copy(octets, at, length, target, to)
      to += length
      poly.update(this.#words, octets, at >> 2, length)
      if (from === end) break
    }
    poly.finish()
    for (let i = 0; i < 4; i++) writeWord(target, offset + 4 * i, poly.tag[i]!)
  }

  /**
   * Opens the box in `source[start, end)` into `target` from `offset`. With a head it answers the head, which `target` does not get,
   * and otherwise 0. Answers -1 where the tag is wrong; nothing has been written then.
   */
  open(
    subkey: Int32Array,
    n0: number,
    n1: number,
    headed: boolean,
    source: Uint8Array,
    start: number,
    end: number,
    target: Uint8Array,
    offset: number,
  ): number {
    const total = end - start - 16
    if (total < (headed ? 1 : 0)) return -1
    const octets = this.#octets
    const poly = this.#poly
    this.#begin(subkey, n0, n1)
    for (let from = start + 16, at = FIRST; from < end; at = 0) {
      const length = Math.min(end - from, SCRATCH - at)
      copy(source, from, length, octets, at)
      from += length
      poly.update(this.#words, octets, at >> 2, length)
    }
    poly.finish()
    let difference = 0
    for (let i = 0; i < 4; i++) difference |= poly.tag[i]! ^ readWord(source, start + 4 * i)
    if (difference !== 0) return -1
    // What fits in one piece is still in the scratch.
    const single = total <= SCRATCH - FIRST
    let head = 0
    let to = offset
    for (let from = start + 16, at = FIRST, block = 1; from < end; at = 0) {
      const length = Math.min(end - from, SCRATCH - at)
      if (!single) copy(source, from, length, octets, at)
      block = this.#mix(subkey, n0, n1, block, at, length)
      const skip = headed && from === start + 16 ? 1 : 0
      if (skip === 1) head = octets[at]!
      copy(octets, at + skip, length - skip, target, to)
      to += length - skip
      from += length
    }
    return head
  }

  /** Forgets the plaintext and the key stream of the last call. */
  wipe(): void {
    this.#octets.fill(0)
    this.#first.fill(0)
    this.#poly.wipe()
  }

  // The first 32 octets of the key stream are the key of Poly1305, the next 32 meet the message's first.
  #begin(subkey: Int32Array, n0: number, n1: number): void {
    salsa20(subkey, n0, n1, 0, 0, this.#first, 0, 'store')
    this.#poly.start(this.#first)
  }

  #mix(subkey: Int32Array, n0: number, n1: number, block: number, at: number, length: number): number {
    const words = this.#words
    let next = block
    let from = at
    if (at === FIRST) {
      for (let i = 8; i < 16; i++) words[i] = words[i]! ^ this.#first[i]!
      from = 64
    }
    for (; from < at + length; from += 64) salsa20(subkey, n0, n1, next++, 0, words, from >> 2, 'xor')
    return next
  }
}

const SCRATCH = 16_384
const FIRST = 32

// Below this a loop is faster than a call into the engine's copy and the view that it needs.
const SMALL = 160

function copy(source: Uint8Array, start: number, length: number, target: Uint8Array, offset: number): void {
  if (length < SMALL) for (let i = 0; i < length; i++) target[offset + i] = source[start + i]!
  else target.set(source.subarray(start, start + length), offset)
}

function writeWord(target: Uint8Array, offset: number, word: number): void {
  target[offset] = word
  target[offset + 1] = word >>> 8
  target[offset + 2] = word >>> 16
  target[offset + 3] = word >>> 24
}

function readWord(source: Uint8Array, offset: number): number {
  return source[offset]! | (source[offset + 1]! << 8) | (source[offset + 2]! << 16) | (source[offset + 3]! << 24)
}
