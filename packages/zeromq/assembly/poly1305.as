// Poly1305 (RFC 8439 §2.5) on five limbs of 26 bits in 64-bit words.

const LIMB: u64 = 0x3ffffff
// The sum between two pieces of one message: five limbs.
const SUM = memory.data(40, 16)
// A last, short block with its padding.
const BLOCK = memory.data(16, 16)

/** The tag of `length` octets at `message` under the one-time key of 32 octets at `key`: 16 octets to `tag`. */
export function poly1305(key: usize, message: usize, length: u32, tag: usize): void {
  polyStart()
  polyUpdate(key, message, length)
  polyFinish(key, tag)
}

/** Begins a message that comes in pieces. */
export function polyStart(): void {
  memory.fill(SUM, 0, 40)
}

/** Adds a piece. All but the last have to be multiples of 16 octets. */
export function polyUpdate(key: usize, message: usize, length: u32): void {
  const r0: u64 = load<u32>(key) & 0x3ffffff
  const r1: u64 = (load<u32>(key + 3) >> 2) & 0x3ffff03
  const r2: u64 = (load<u32>(key + 6) >> 4) & 0x3ffc0ff
  const r3: u64 = (load<u32>(key + 9) >> 6) & 0x3f03fff
  const r4: u64 = (load<u32>(key + 12) >> 8) & 0x00fffff
  const s1 = r1 * 5, s2 = r2 * 5, s3 = r3 * 5, s4 = r4 * 5
  let h0 = load<u64>(SUM), h1 = load<u64>(SUM, 8), h2 = load<u64>(SUM, 16), h3 = load<u64>(SUM, 24), h4 = load<u64>(SUM, 32)
  // The bit above a block's 128; a short block has its own within.
  let high: u64 = 1 << 24
  let m = message
  // Two blocks at a time where it pays to square r first: (h + a) r^2 + b r, with one carry for both.
  if (length >= 128) {
    let e0 = r0 * r0 + 2 * (r1 * s4 + r2 * s3)
    let e1 = 2 * (r0 * r1 + r2 * s4) + r3 * s3
    let e2 = 2 * (r0 * r2 + r3 * s4) + r1 * r1
    let e3 = 2 * (r0 * r3 + r1 * r2) + r4 * s4
    let e4 = 2 * (r0 * r4 + r1 * r3) + r2 * r2
    e1 += e0 >> 26
    e2 += e1 >> 26
    e3 += e2 >> 26
    e4 += e3 >> 26
    e0 = (e0 & LIMB) + (e4 >> 26) * 5
    e1 = (e1 & LIMB) + (e0 >> 26)
    const q0 = e0 & LIMB, q1 = e1, q2 = e2 & LIMB, q3 = e3 & LIMB, q4 = e4 & LIMB
    const t1 = q1 * 5, t2 = q2 * 5, t3 = q3 * 5, t4 = q4 * 5
    while (length >= 32) {
      h0 += load<u32>(m) & LIMB
      h1 += (load<u32>(m + 3) >> 2) & LIMB
      h2 += (load<u32>(m + 6) >> 4) & LIMB
      h3 += load<u32>(m + 9) >> 6
      h4 += (load<u32>(m + 12) >> 8) | high
      const b0: u64 = load<u32>(m + 16) & LIMB
      const b1: u64 = (load<u32>(m + 19) >> 2) & LIMB
      const b2: u64 = (load<u32>(m + 22) >> 4) & LIMB
      const b3: u64 = load<u32>(m + 25) >> 6
      const b4: u64 = (load<u32>(m + 28) >> 8) | high
      const d0 = h0 * q0 + h1 * t4 + h2 * t3 + h3 * t2 + h4 * t1 + b0 * r0 + b1 * s4 + b2 * s3 + b3 * s2 + b4 * s1
      let d1 = h0 * q1 + h1 * q0 + h2 * t4 + h3 * t3 + h4 * t2 + b0 * r1 + b1 * r0 + b2 * s4 + b3 * s3 + b4 * s2
      let d2 = h0 * q2 + h1 * q1 + h2 * q0 + h3 * t4 + h4 * t3 + b0 * r2 + b1 * r1 + b2 * r0 + b3 * s4 + b4 * s3
      const d3 = h0 * q3 + h1 * q2 + h2 * q1 + h3 * q0 + h4 * t4 + b0 * r3 + b1 * r2 + b2 * r1 + b3 * r0 + b4 * s4
      let d4 = h0 * q4 + h1 * q3 + h2 * q2 + h3 * q1 + h4 * q0 + b0 * r4 + b1 * r3 + b2 * r2 + b3 * r1 + b4 * r0
      d1 += d0 >> 26
      d4 += d3 >> 26
      h0 = d0 & LIMB
      h3 = d3 & LIMB
      d2 += d1 >> 26
      h0 += (d4 >> 26) * 5
      h1 = d1 & LIMB
      h4 = d4 & LIMB
      h3 += d2 >> 26
      h2 = d2 & LIMB
      h1 += h0 >> 26
      h0 &= LIMB
      h4 += h3 >> 26
      h3 &= LIMB
      m += 32
      length -= 32
    }
  }
  while (length) {
    if (length < 16) {
      v128.store(BLOCK, i32x4.splat(0))
      memory.copy(BLOCK, m, length)
      store<u8>(BLOCK + length, 1)
      m = BLOCK
      length = 16
      high = 0
    }
    h0 += load<u32>(m) & LIMB
    h1 += (load<u32>(m + 3) >> 2) & LIMB
    h2 += (load<u32>(m + 6) >> 4) & LIMB
    h3 += load<u32>(m + 9) >> 6
    h4 += (load<u32>(m + 12) >> 8) | high
    const d0 = h0 * r0 + h1 * s4 + h2 * s3 + h3 * s2 + h4 * s1
    let d1 = h0 * r1 + h1 * r0 + h2 * s4 + h3 * s3 + h4 * s2
    let d2 = h0 * r2 + h1 * r1 + h2 * r0 + h3 * s4 + h4 * s3
    const d3 = h0 * r3 + h1 * r2 + h2 * r1 + h3 * r0 + h4 * s4
    let d4 = h0 * r4 + h1 * r3 + h2 * r2 + h3 * r1 + h4 * r0
    d1 += d0 >> 26
    d4 += d3 >> 26
    h0 = d0 & LIMB
    h3 = d3 & LIMB
    d2 += d1 >> 26
    h0 += (d4 >> 26) * 5
    h1 = d1 & LIMB
    h4 = d4 & LIMB
    h3 += d2 >> 26
    h2 = d2 & LIMB
    h1 += h0 >> 26
    h0 &= LIMB
    h4 += h3 >> 26
    h3 &= LIMB
    m += 16
    length -= 16
  }
  store<u64>(SUM, h0)
  store<u64>(SUM, h1, 8)
  store<u64>(SUM, h2, 16)
  store<u64>(SUM, h3, 24)
  store<u64>(SUM, h4, 32)
}

/** Ends a message: its tag goes to `tag`. */
export function polyFinish(key: usize, tag: usize): void {
  let h0 = load<u64>(SUM), h1 = load<u64>(SUM, 8), h2 = load<u64>(SUM, 16), h3 = load<u64>(SUM, 24), h4 = load<u64>(SUM, 32)
  let c = h1 >> 26
  h1 &= LIMB
  h2 += c
  c = h2 >> 26
  h2 &= LIMB
  h3 += c
  c = h3 >> 26
  h3 &= LIMB
  h4 += c
  c = h4 >> 26
  h4 &= LIMB
  h0 += c * 5
  c = h0 >> 26
  h0 &= LIMB
  h1 += c
  // Once more minus the prime, and a choice between the two by mask.
  let g0 = h0 + 5
  c = g0 >> 26
  g0 &= LIMB
  let g1 = h1 + c
  c = g1 >> 26
  g1 &= LIMB
  let g2 = h2 + c
  c = g2 >> 26
  g2 &= LIMB
  let g3 = h3 + c
  c = g3 >> 26
  g3 &= LIMB
  const g4 = h4 + c - (1 << 26)
  const take = (g4 >> 63) - 1, leave = ~take
  h0 = (h0 & leave) | (g0 & take)
  h1 = (h1 & leave) | (g1 & take)
  h2 = (h2 & leave) | (g2 & take)
  h3 = (h3 & leave) | (g3 & take)
  h4 = (h4 & leave) | (g4 & take)
  // Plus the second half of the key, modulo 2^128.
  const word: u64 = 0xffffffff
  let f = ((h0 | (h1 << 26)) & word) + load<u32>(key + 16)
  store<u32>(tag, <u32>f)
  f = (((h1 >> 6) | (h2 << 20)) & word) + load<u32>(key + 20) + (f >> 32)
  store<u32>(tag, <u32>f, 4)
  f = (((h2 >> 12) | (h3 << 14)) & word) + load<u32>(key + 24) + (f >> 32)
  store<u32>(tag, <u32>f, 8)
  f = (((h3 >> 18) | (h4 << 8)) & word) + load<u32>(key + 28) + (f >> 32)
  store<u32>(tag, <u32>f, 12)
}

/** Forgets the sum and the last block. */
export function polyWipe(): void {
  memory.fill(SUM, 0, 40)
  memory.fill(BLOCK, 0, 16)
}
