// CURVE's MESSAGE frames (RFC 26) from and to packed records: ZMTP 2's `flags size body`, one after the other.
//
// A record's plaintext is CURVE's inner flags and the body. In a record the octet before the body is the end of its size, which is
// known once it was read: the inner flags are put there, so that flags and body stand together without a copy.
import { blocks4, hsalsa20, vector } from './salsa20'
import { poly1305 } from './poly1305'
import { differs, largeFinish, largeMix, largeStart, largeUpdate, mix, openBox, sealBox, spend, STREAM, TAG, wipeBox } from './box'

export { largeFinish, largeMix, largeStart, largeUpdate, poly1305, spend, wipeBox }

// Whole connections, one after the other: the slot that seals and the slot that opens, 64 octets each.
const SLOTS: u32 = 4096
const IN_SIZE: u32 = 131072
const OUT_SIZE: u32 = 262144
// Wherever the module's own data end, these begin at the next page.
const BASE: usize = 65536
// The octets that sealRecords and openFrames used and wrote.
const USED = memory.data(8, 16)

export function slotsAt(): usize {
  return BASE
}
export function slotCount(): u32 {
  return SLOTS
}
export function inAt(): usize {
  return BASE + SLOTS * 128
}
export function inSize(): u32 {
  return IN_SIZE
}
export function outAt(): usize {
  return BASE + SLOTS * 128 + IN_SIZE
}
export function outSize(): u32 {
  return OUT_SIZE
}
export function usedAt(): usize {
  return USED
}

// "\x07MESSAGE"
const NAME: u64 = 0x4547415353454d07
const MALFORMED: i32 = -1
const NONCE: i32 = -2
const FORGED: i32 = -3

/** Makes a slot: the subkey of the 32 octets at `key` and the 16 at `prefix`, and a counter of zero. */
export function prepare(slot: usize, key: usize, prefix: usize): void {
  hsalsa20(key, prefix, slot)
  store<u64>(slot, 0, 32)
}

/** Seals the whole records in `size` octets at `source` to at most `room` octets at `out`; answers how many. */
export function sealRecords(slot: usize, source: usize, size: u32, out: usize, room: u32): u32 {
  const end = source + size, limit = out + room
  let from = source, to = out, count: u32 = 0
  while (end - from >= 2) {
    // Small messages share the four blocks of one round: one block each for four of up to 31 octets, two each for two of up to 95.
    const l0 = shortRecord(from, end)
    if (l0 < 96 && limit - to >= 4 * 130) {
      const p1 = from + 2 + l0, l1 = shortRecord(p1, end)
      if (l0 < 32 && l1 < 32) {
        const p2 = p1 + 2 + l1, l2 = shortRecord(p2, end), p3 = p2 + 2 + l2
        if (l2 < 32) {
          const l3 = shortRecord(p3, end)
          if (l3 < 32) {
            to = sealFour(slot, from, l0, p1, l1, p2, l2, p3, l3, to)
            from = p3 + 2 + l3
            count += 4
            continue
          }
        }
      }
      if (l1 < 96) {
        to = sealTwo(slot, from, l0, p1, l1, to)
        from = p1 + 2 + l1
        count += 2
        continue
      }
    }
    const flags = load<u8>(from)
    let header: u32 = 2
    let length: u64
    if (flags & 2) {
      if (end - from < 9) break
      length = bswap<u64>(load<u64>(from, 1))
      header = 9
    } else {
      length = load<u8>(from, 1)
    }
    if (length > <u64>(end - from - header)) break
    const body = <u32>length + 33
    if (limit - to < body + (body < 256 ? 2 : 9)) break
    const plain = from + header - 1
    store<u8>(plain, innerFlags(flags))
    const box = putHeader(slot, to, body)
    sealBox(slot, plain, <u32>length + 1, box)
    to = box + 17 + <u32>length
    from = plain + 1 + <u32>length
    count++
  }
  store<u32>(USED, <u32>(from - source))
  store<u32>(USED, <u32>(to - out), 4)
  return count
}

/** Opens the whole frames in `size` octets at `source` to records in at most `room` octets at `out`; answers how many, or a failure below 0; then `USED` tells of what was good before it. */
export function openFrames(slot: usize, source: usize, size: u32, out: usize, room: u32): i32 {
  const end = source + size, limit = out + room
  let from = source, to = out, count: i32 = 0, failure: i32 = 0
  while (end - from >= 2) {
    const b0 = shortFrame(from, end)
    if (b0 <= 128 && limit - to >= 4 * 98) {
      const p1 = from + 2 + b0, b1 = shortFrame(p1, end)
      if (b0 <= 64 && b1 <= 64) {
        const p2 = p1 + 2 + b1, b2 = shortFrame(p2, end), p3 = p2 + 2 + b2
        if (b2 <= 64) {
          const b3 = shortFrame(p3, end)
          if (b3 <= 64) {
            blocks4(slot, vector(load<u32>(from, 10), load<u32>(p1, 10), load<u32>(p2, 10), load<u32>(p3, 10)),
              vector(load<u32>(from, 14), load<u32>(p1, 14), load<u32>(p2, 14), load<u32>(p3, 14)), i32x4.splat(0), STREAM)
            failure = openSmall(slot, from, b0, STREAM, to)
            if (failure) break
            to += b0 - 31
            from = p1
            failure = openSmall(slot, from, b1, STREAM + 64, to)
            if (failure) break
            to += b1 - 31
            from = p2
            failure = openSmall(slot, from, b2, STREAM + 128, to)
            if (failure) break
            to += b2 - 31
            from = p3
            failure = openSmall(slot, from, b3, STREAM + 192, to)
            if (failure) break
            to += b3 - 31
            from = p3 + 2 + b3
            count += 4
            continue
          }
        }
      }
      if (b1 <= 128) {
        const a0 = load<u32>(from, 10), a1 = load<u32>(from, 14), c0 = load<u32>(p1, 10), c1 = load<u32>(p1, 14)
        blocks4(slot, vector(a0, a0, c0, c0), vector(a1, a1, c1, c1), i32x4(0, 1, 0, 1), STREAM)
        failure = openSmall(slot, from, b0, STREAM, to)
        if (failure) break
        to += b0 - 31
        from = p1
        failure = openSmall(slot, from, b1, STREAM + 128, to)
        if (failure) break
        to += b1 - 31
        from = p1 + 2 + b1
        count += 2
        continue
      }
    }
    let header: u32 = 2
    let body: u64
    if (load<u8>(from) & 2) {
      if (end - from < 9) break
      body = bswap<u64>(load<u64>(from, 1))
      header = 9
    } else {
      body = load<u8>(from, 1)
    }
    if (body < 33) {
      failure = MALFORMED
      break
    }
    if (body > <u64>(end - from - header)) break
    const b = <u32>body, length = b - 33
    const recordHeader: u32 = length < 256 ? 2 : 9
    if (limit - to < recordHeader + length) break
    failure = accept(slot, from + header)
    if (failure) break
    const plain = to + recordHeader - 1
    if (!openBox(slot, from + header + 16, b - 16, plain)) {
      failure = FORGED
      break
    }
    putRecordHeader(to, load<u8>(plain), length)
    to += recordHeader + length
    from += header + b
    count++
  }
  store<u32>(USED, <u32>(from - source))
  store<u32>(USED, <u32>(to - out), 4)
  return failure ? failure : count
}

/** Checks the name and the counter of the MESSAGE body at `body` and takes its counter for the slot. 0, or a failure. */
export function accept(slot: usize, body: usize): i32 {
  if (load<u64>(body) != NAME) return MALFORMED
  const nonce = load<u64>(body, 8)
  if (bswap<u64>(nonce) < bswap<u64>(load<u64>(slot, 32))) return NONCE
  store<u64>(slot, nonce, 32)
  return 0
}

/** Writes the header, name and counter of a MESSAGE frame whose body has `body` octets; answers where its box begins. */
export function putHeader(slot: usize, out: usize, body: u32): usize {
  if (body < 256) {
    store<u16>(out, <u16>(body << 8))
    out += 2
  } else {
    store<u8>(out, 2)
    store<u64>(out, bswap<u64>(body), 1)
    out += 9
  }
  store<u64>(out, NAME)
  store<u64>(out, load<u64>(slot, 32), 8)
  return out + 16
}

function sealTwo(slot: usize, p0: usize, l0: u32, p1: usize, l1: u32, out: usize): usize {
  const a0 = load<u32>(slot, 32), a1 = load<u32>(slot, 36)
  const second = bswap<u64>(bswap<u64>(load<u64>(slot, 32)) + 1)
  const b0 = <u32>second, b1 = <u32>(second >> 32)
  blocks4(slot, vector(a0, a0, b0, b0), vector(a1, a1, b1, b1), i32x4(0, 1, 0, 1), STREAM)
  out = sealSmall(slot, p0, l0, STREAM, out)
  return sealSmall(slot, p1, l1, STREAM + 128, out)
}

function sealFour(slot: usize, p0: usize, l0: u32, p1: usize, l1: u32, p2: usize, l2: u32, p3: usize, l3: u32, out: usize): usize {
  const counter = bswap<u64>(load<u64>(slot, 32))
  const a = bswap<u64>(counter), b = bswap<u64>(counter + 1), c = bswap<u64>(counter + 2), d = bswap<u64>(counter + 3)
  blocks4(slot, vector(<u32>a, <u32>b, <u32>c, <u32>d), vector(<u32>(a >> 32), <u32>(b >> 32), <u32>(c >> 32), <u32>(d >> 32)),
    i32x4.splat(0), STREAM)
  out = sealSmall(slot, p0, l0, STREAM, out)
  out = sealSmall(slot, p1, l1, STREAM + 64, out)
  out = sealSmall(slot, p2, l2, STREAM + 128, out)
  return sealSmall(slot, p3, l3, STREAM + 192, out)
}

// A record of `length` octets at `record`, with its key stream at hand, to a frame at `out`; answers where the frame ends.
@inline
function sealSmall(slot: usize, record: usize, length: u32, stream: usize, out: usize): usize {
  const flags = load<u8>(record)
  store<u8>(record, innerFlags(flags), 1)
  const box = putHeader(slot, out, length + 33)
  mix(box + 16, record + 1, stream + 32, length + 1)
  poly1305(stream, box + 16, length + 1, box)
  spend(slot)
  return box + 17 + length
}

// A frame with a body of `body` octets at `frame`, with its key stream at hand, to a record at `out`. 0, or a failure.
@inline
function openSmall(slot: usize, frame: usize, body: u32, stream: usize, out: usize): i32 {
  const failure = accept(slot, frame + 2)
  if (failure) return failure
  poly1305(stream, frame + 34, body - 32, TAG)
  if (differs(frame + 18)) return FORGED
  mix(out + 1, frame + 34, stream + 32, body - 32)
  putRecordHeader(out, load<u8>(out, 1), body - 33)
  spend(slot)
  return 0
}

// The size of the short record at `at`, or 1000 where there is no whole one.
@inline
function shortRecord(at: usize, end: usize): u32 {
  if (at + 2 > end || load<u8>(at) & 2) return 1000
  const length: u32 = load<u8>(at, 1)
  return at + 2 + length > end ? 1000 : length
}

// The size of the body of the short frame at `at`, or 1000 where there is no whole one that can be a MESSAGE.
@inline
function shortFrame(at: usize, end: usize): u32 {
  if (at + 2 > end || load<u8>(at) & 2) return 1000
  const body: u32 = load<u8>(at, 1)
  return body < 33 || at + 2 + body > end ? 1000 : body
}

// CURVE has COMMAND where ZMTP has LONG.
@inline
function innerFlags(flags: u32): u32 {
  return (flags & 1) | ((flags & 4) >> 1)
}

@inline
function putRecordHeader(out: usize, inner: u32, length: u32): void {
  const flags = (inner & 1) | ((inner & 2) << 1)
  if (length < 256) {
    store<u16>(out, <u16>(flags | (length << 8)))
    return
  }
  store<u8>(out, flags | 2)
  store<u64>(out, bswap<u64>(length), 1)
}
