// XSalsa20-Poly1305 after HSalsa20: one box at a time, in one piece or in several.
//
// A slot is one direction of one connection, 64 octets: the subkey (32), then the counter of its nonce (8, network order):
// the next to send, or the least to accept.
import { blocks1, blocks2, blocks4, mix4, vector } from './salsa20'
import { poly1305, polyFinish, polyStart, polyUpdate, polyWipe } from './poly1305'

/** The key stream that is at hand: the key of Poly1305 (32 octets), then the message's first octets. */
export const STREAM = memory.data(256, 16)
// The key of Poly1305, kept where the stream is overwritten before the tag is made.
const TAG_KEY = memory.data(32, 16)
/** A tag that was computed, to be compared. */
export const TAG = memory.data(16, 16)

/** Seals `length` octets at `source`: the tag (16), then the ciphertext, to `out`. Spends the slot's counter. */
export function sealBox(slot: usize, source: usize, length: u32, out: usize): void {
  const n0 = load<u32>(slot + 32), n1 = load<u32>(slot + 36)
  const streamed = first(slot, n0, n1, length)
  const n = min(length, streamed)
  mix(out + 16, source, STREAM + 32, n)
  v128.store(TAG_KEY, v128.load(STREAM))
  v128.store(TAG_KEY, v128.load(STREAM, 16), 16)
  if (length > n) rest(slot, n0, n1, (streamed + 32) >> 6, source + n, out + 16 + n, length - n)
  poly1305(TAG_KEY, out + 16, length, out)
  spend(slot)
}

/** Opens the box of `size` octets at `source` with the slot's counter; `size - 16` octets to `out`. False: the tag is wrong and nothing was written. */
export function openBox(slot: usize, source: usize, size: u32, out: usize): bool {
  const length = size - 16
  const n0 = load<u32>(slot + 32), n1 = load<u32>(slot + 36)
  const streamed = first(slot, n0, n1, length)
  poly1305(STREAM, source + 16, length, TAG)
  if (differs(source)) return false
  const n = min(length, streamed)
  mix(out, source + 16, STREAM + 32, n)
  if (length > n) rest(slot, n0, n1, (streamed + 32) >> 6, source + 16 + n, out + n, length - n)
  spend(slot)
  return true
}

/** Begins a message that is too large for the scratch. Its pieces are multiples of 64 octets; the first has 32 octets in front that are not its own. */
export function largeStart(slot: usize): void {
  blocks1(slot, load<u32>(slot + 32), load<u32>(slot + 36), 0, TAG_KEY_BLOCK)
  polyStart()
}
const TAG_KEY_BLOCK = memory.data(64, 16)

/** Mixes the key stream from block `block` on into `length` octets at `source`, in place. */
export function largeMix(slot: usize, block: u32, source: usize, length: u32): void {
  rest(slot, load<u32>(slot + 32), load<u32>(slot + 36), block, source, source, length)
}

/** Adds ciphertext to the tag. */
export function largeUpdate(source: usize, length: u32): void {
  polyUpdate(TAG_KEY_BLOCK, source, length)
}

/** Ends the message: its tag to `out`. The counter is not spent yet. */
export function largeFinish(out: usize): void {
  polyFinish(TAG_KEY_BLOCK, out)
}

/** Forgets key stream, tags and keys of single messages. */
export function wipeBox(): void {
  memory.fill(STREAM, 0, 256)
  memory.fill(TAG_KEY, 0, 32)
  memory.fill(TAG_KEY_BLOCK, 0, 64)
  memory.fill(TAG, 0, 16)
  polyWipe()
}

/** Moves the slot's counter on by one. */
@inline
export function spend(slot: usize): void {
  store<u64>(slot + 32, bswap<u64>(bswap<u64>(load<u64>(slot + 32)) + 1))
}

/** True where the tag at `claimed` is not the computed one. */
@inline
export function differs(claimed: usize): bool {
  return ((load<u64>(TAG) ^ load<u64>(claimed)) | (load<u64>(TAG, 8) ^ load<u64>(claimed, 8))) != 0
}

/** `length` octets at `source` mixed with the key stream at `stream`, to `out`. */
export function mix(out: usize, source: usize, stream: usize, length: u32): void {
  let i: u32 = 0
  for (; i + 16 <= length; i += 16) v128.store(out + i, v128.xor(v128.load(source + i), v128.load(stream + i)))
  if (length & 8) {
    store<u64>(out + i, load<u64>(source + i) ^ load<u64>(stream + i))
    i += 8
  }
  if (length & 4) {
    store<u32>(out + i, load<u32>(source + i) ^ load<u32>(stream + i))
    i += 4
  }
  for (; i < length; i++) store<u8>(out + i, load<u8>(source + i) ^ load<u8>(stream + i))
}

// The first blocks of a message, as many as it needs, at most four; answers how many of the message's octets they cover.
function first(slot: usize, n0: u32, n1: u32, length: u32): u32 {
  if (length <= 32) {
    blocks1(slot, n0, n1, 0, STREAM)
    return 32
  }
  if (length <= 96) {
    blocks2(slot, n0, n1, 0, STREAM)
    return 96
  }
  blocks4(slot, i32x4.splat(n0), i32x4.splat(n1), i32x4(0, 1, 2, 3), STREAM)
  return 224
}

function rest(slot: usize, n0: u32, n1: u32, block: u32, source: usize, out: usize, length: u32): void {
  while (length >= 256) {
    mix4(slot, n0, n1, block, source, out)
    block += 4
    source += 256
    out += 256
    length -= 256
  }
  if (!length) return
  if (length <= 64) blocks1(slot, n0, n1, block, STREAM)
  else if (length <= 128) blocks2(slot, n0, n1, block, STREAM)
  else blocks4(slot, i32x4.splat(n0), i32x4.splat(n1), vector(block, block + 1, block + 2, block + 3), STREAM)
  mix(out, source, STREAM, length)
}
