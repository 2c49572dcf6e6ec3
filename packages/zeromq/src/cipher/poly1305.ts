// Six limbs of 22 bits, each a double at its true weight, so that a sum of products stays exact within 53 bits and a carry is
// an addition and a subtraction of a constant that makes the double round where the limb ends.
const W1 = 2 ** 22
const W2 = 2 ** 44
const W3 = 2 ** 66
const W4 = 2 ** 88
const W5 = 2 ** 110
// 2^130 = 5 modulo the prime.
const FOLD = 5 * 2 ** -130
const A0 = 1.5 * 2 ** 74
const A1 = 1.5 * 2 ** 96
const A2 = 1.5 * 2 ** 118
const A3 = 1.5 * 2 ** 140
const A4 = 1.5 * 2 ** 162
const A5 = 1.5 * 2 ** 184

/** The one-time authenticator Poly1305 (RFC 8439 §2.5), in plain JavaScript. One object serves one message after the other. */
export class Poly1305 {
  /** The tag as four little-endian words, after `finish`. */
  readonly tag: Int32Array = new Int32Array(4)
  readonly #key = new Int32Array(8)
  readonly #sum = new Float64Array(6)
  readonly #limbs = new Int32Array(6)
  readonly #reduced = new Int32Array(6)

  /** Begins a message. `key` is the one-time key, eight words. */
  start(key: Int32Array): void {
    for (let i = 0; i < 8; i++) this.#key[i] = key[i]!
    this.#sum.fill(0)
  }

  /**
   * Adds `length` octets from the word `at`. Only the last piece of a message may be of another length than a multiple of 16;
   * the padding is then written behind it, into the rest of its 16 octets.
   */
  update(words: Int32Array, octets: Uint8Array, at: number, length: number): void {
    const key = this.#key
    const sum = this.#sum
    const a0 = key[0]! & 0x0fffffff
    const a1 = key[1]! & 0x0ffffffc
    const a2 = key[2]! & 0x0ffffffc
    const a3 = key[3]! & 0x0ffffffc
    const r0 = a0 & 0x3fffff
    const r1 = (((a0 >>> 22) | (a1 << 10)) & 0x3fffff) * W1
    const r2 = (((a1 >>> 12) | (a2 << 20)) & 0x3fffff) * W2
    const r3 = ((a2 >>> 2) & 0x3fffff) * W3
    const r4 = (((a2 >>> 24) | (a3 << 8)) & 0x3fffff) * W4
    const r5 = (a3 >>> 14) * W5
    const s1 = r1 * FOLD
    const s2 = r2 * FOLD
    const s3 = r3 * FOLD
    const s4 = r4 * FOLD
    const s5 = r5 * FOLD
    let h0 = sum[0]!
    let h1 = sum[1]!
    let h2 = sum[2]!
    let h3 = sum[3]!
    let h4 = sum[4]!
    let h5 = sum[5]!
    // The bit above each block's 128; the last, short block has its own 1 within.
    let high = 1 << 18
    let w = at
    for (let left = length; left > 0; left -= 16, w += 4) {
      if (left < 16) {
        const end = (w << 2) + left
        octets[end] = 1
        octets.fill(0, end + 1, (w << 2) + 16)
        high = 0
      }
      const w0 = words[w]!
      const w1 = words[w + 1]!
      const w2 = words[w + 2]!
      const w3 = words[w + 3]!
      h0 += w0 & 0x3fffff
      h1 += (((w0 >>> 22) | (w1 << 10)) & 0x3fffff) * W1
      h2 += (((w1 >>> 12) | (w2 << 20)) & 0x3fffff) * W2
      h3 += ((w2 >>> 2) & 0x3fffff) * W3
      h4 += (((w2 >>> 24) | (w3 << 8)) & 0x3fffff) * W4
      h5 += ((w3 >>> 14) | high) * W5
      let d0 = h0 * r0 + h1 * s5 + (h2 * s4 + h3 * s3) + (h4 * s2 + h5 * s1)
      let d3 = h0 * r3 + h1 * r2 + (h2 * r1 + h3 * r0) + (h4 * s5 + h5 * s4)
      let d1 = h0 * r1 + h1 * r0 + (h2 * s5 + h3 * s4) + (h4 * s3 + h5 * s2)
      let d4 = h0 * r4 + h1 * r3 + (h2 * r2 + h3 * r1) + (h4 * r0 + h5 * s5)
      let d2 = h0 * r2 + h1 * r1 + (h2 * r0 + h3 * s5) + (h4 * s4 + h5 * s3)
      let d5 = h0 * r5 + h1 * r4 + (h2 * r3 + h3 * r2) + (h4 * r1 + h5 * r0)
      let c = d0 + A0 - A0
      let e = d3 + A3 - A3
      d0 -= c
      d3 -= e
      d1 += c
      d4 += e
      c = d1 + A1 - A1
      e = d4 + A4 - A4
      d1 -= c
      d4 -= e
      d2 += c
      d5 += e
      c = d2 + A2 - A2
      e = d5 + A5 - A5
      h2 = d2 - c
      h5 = d5 - e
      d3 += c
      d0 += e * FOLD
      c = d3 + A3 - A3
      e = d0 + A0 - A0
      h3 = d3 - c
      h0 = d0 - e
      h4 = d4 + c
      h1 = d1 + e
    }
    sum[0] = h0
    sum[1] = h1
    sum[2] = h2
    sum[3] = h3
    sum[4] = h4
    sum[5] = h5
  }

  /** Ends the message: `tag` is its tag. */
  finish(): void {
    const { tag } = this
    const key = this.#key
    const limbs = this.#canonical()
    const i0 = limbs[0]!
    const i1 = limbs[1]!
    const i2 = limbs[2]!
    const i3 = limbs[3]!
    const i4 = limbs[4]!
    const i5 = limbs[5]!
    // Plus the second half of the key, modulo 2^128. The carry is an arithmetic one: no comparison that could become a branch.
    let f = ((i0 | (i1 << 22)) >>> 0) + (key[4]! >>> 0)
    tag[0] = f
    f = (((i1 >>> 10) | (i2 << 12)) >>> 0) + (key[5]! >>> 0) + Math.floor(f / 2 ** 32)
    tag[1] = f
    f = (((i2 >>> 20) | (i3 << 2) | (i4 << 24)) >>> 0) + (key[6]! >>> 0) + Math.floor(f / 2 ** 32)
    tag[2] = f
    f = (((i4 >>> 8) | (i5 << 14)) >>> 0) + (key[7]! >>> 0) + Math.floor(f / 2 ** 32)
    tag[3] = f
    limbs.fill(0)
  }

  /** Forgets the key and the sum. */
  wipe(): void {
    this.#key.fill(0)
    this.#sum.fill(0)
    this.tag.fill(0)
  }

  // The sum below 2^130 - 5, as six unsigned limbs of 22 bits (the last of 20).
  #canonical(): Int32Array {
    const sum = this.#sum
    const limbs = this.#limbs
    for (let i = 0; i < 6; i++) sum[i] = sum[i]! / WEIGHTS[i]!
    for (let pass = 0; pass < 2; pass++) {
      for (let i = 0; i < 5; i++) {
        const carry = Math.floor(sum[i]! / W1)
        sum[i] = sum[i]! - carry * W1
        sum[i + 1] = sum[i + 1]! + carry
      }
      const carry = Math.floor(sum[5]! / 2 ** 20)
      sum[5] = sum[5]! - carry * 2 ** 20
      sum[0] = sum[0]! + carry * 5
    }
    for (let i = 0; i < 6; i++) limbs[i] = sum[i]!
    for (let i = 0; i < 5; i++) {
      limbs[i + 1] = limbs[i + 1]! + (limbs[i]! >> 22)
      limbs[i] = limbs[i]! & 0x3fffff
    }
    // Once more minus the prime, and a choice between the two by mask.
    const reduced = this.#reduced
    let carry = 5
    for (let i = 0; i < 5; i++) {
      const limb = limbs[i]! + carry
      reduced[i] = limb & 0x3fffff
      carry = limb >> 22
    }
    reduced[5] = limbs[5]! + carry - (1 << 20)
    const take = ~(reduced[5]! >> 31)
    for (let i = 0; i < 6; i++) limbs[i] = (limbs[i]! & ~take) | (reduced[i]! & take)
    reduced.fill(0)
    return limbs
  }
}

const WEIGHTS = [1, W1, W2, W3, W4, W5] as const
