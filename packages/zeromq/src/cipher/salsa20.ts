/** The four words of "expand 32-byte k". */
const C0 = 0x61707865
const C1 = 0x3320646e
const C2 = 0x79622d32
const C3 = 0x6b206574

/** What `salsa20` does with its block: put it there, mix it into what is there, or put HSalsa20's eight words there. */
export type SalsaOutput = 'store' | 'xor' | 'hsalsa'

/**
 * One block of Salsa20: 16 words into `out` at word `at`. `key` is eight words, (n0, n1) the nonce, (b0, b1) the block's number,
 * low word first. For 'hsalsa' the four are HSalsa20's 16 octets of nonce and eight words come out.
 */
export function salsa20(
  key: Int32Array,
  n0: number,
  n1: number,
  b0: number,
  b1: number,
  out: Int32Array,
  at: number,
  output: SalsaOutput,
): void {
  // The key always has eight words; |0 tells the compiler so.
  const k0 = key[0]! | 0
  const k1 = key[1]! | 0
  const k2 = key[2]! | 0
  const k3 = key[3]! | 0
  const k4 = key[4]! | 0
  const k5 = key[5]! | 0
  const k6 = key[6]! | 0
  const k7 = key[7]! | 0
  let x0 = C0,
    x1 = k0,
    x2 = k1,
    x3 = k2,
    x4 = k3,
    x5 = C1,
    x6 = n0 | 0,
    x7 = n1 | 0,
    x8 = b0 | 0,
    x9 = b1 | 0,
    x10 = C2,
    x11 = k4,
    x12 = k5,
    x13 = k6,
    x14 = k7,
    x15 = C3,
    t = 0
  for (let round = 0; round < 10; round++) {
    // columns
    t = (x0 + x12) | 0
    x4 ^= (t << 7) | (t >>> 25)
    t = (x4 + x0) | 0
    x8 ^= (t << 9) | (t >>> 23)
    t = (x8 + x4) | 0
    x12 ^= (t << 13) | (t >>> 19)
    t = (x12 + x8) | 0
    x0 ^= (t << 18) | (t >>> 14)
    t = (x5 + x1) | 0
    x9 ^= (t << 7) | (t >>> 25)
    t = (x9 + x5) | 0
    x13 ^= (t << 9) | (t >>> 23)
    t = (x13 + x9) | 0
    x1 ^= (t << 13) | (t >>> 19)
    t = (x1 + x13) | 0
    x5 ^= (t << 18) | (t >>> 14)
    t = (x10 + x6) | 0
    x14 ^= (t << 7) | (t >>> 25)
    t = (x14 + x10) | 0
    x2 ^= (t << 9) | (t >>> 23)
    t = (x2 + x14) | 0
    x6 ^= (t << 13) | (t >>> 19)
    t = (x6 + x2) | 0
    x10 ^= (t << 18) | (t >>> 14)
    t = (x15 + x11) | 0
    x3 ^= (t << 7) | (t >>> 25)
    t = (x3 + x15) | 0
    x7 ^= (t << 9) | (t >>> 23)
    t = (x7 + x3) | 0
    x11 ^= (t << 13) | (t >>> 19)
    t = (x11 + x7) | 0
    x15 ^= (t << 18) | (t >>> 14)
    // rows
    t = (x0 + x3) | 0
    x1 ^= (t << 7) | (t >>> 25)
    t = (x1 + x0) | 0
    x2 ^= (t << 9) | (t >>> 23)
    t = (x2 + x1) | 0
    x3 ^= (t << 13) | (t >>> 19)
    t = (x3 + x2) | 0
    x0 ^= (t << 18) | (t >>> 14)
    t = (x5 + x4) | 0
    x6 ^= (t << 7) | (t >>> 25)
    t = (x6 + x5) | 0
    x7 ^= (t << 9) | (t >>> 23)
    t = (x7 + x6) | 0
    x4 ^= (t << 13) | (t >>> 19)
    t = (x4 + x7) | 0
    x5 ^= (t << 18) | (t >>> 14)
    t = (x10 + x9) | 0
    x11 ^= (t << 7) | (t >>> 25)
    t = (x11 + x10) | 0
    x8 ^= (t << 9) | (t >>> 23)
    t = (x8 + x11) | 0
    x9 ^= (t << 13) | (t >>> 19)
    t = (x9 + x8) | 0
    x10 ^= (t << 18) | (t >>> 14)
    t = (x15 + x14) | 0
    x12 ^= (t << 7) | (t >>> 25)
    t = (x12 + x15) | 0
    x13 ^= (t << 9) | (t >>> 23)
    t = (x13 + x12) | 0
    x14 ^= (t << 13) | (t >>> 19)
    t = (x14 + x13) | 0
    x15 ^= (t << 18) | (t >>> 14)
  }
  switch (output) {
    case 'hsalsa':
      out[at + 0] = x0
      out[at + 1] = x5
      out[at + 2] = x10
      out[at + 3] = x15
      out[at + 4] = x6
      out[at + 5] = x7
      out[at + 6] = x8
      out[at + 7] = x9
      return
    case 'xor':
      out[at + 0]! ^= (x0 + C0) | 0
      out[at + 1]! ^= (x1 + k0) | 0
      out[at + 2]! ^= (x2 + k1) | 0
      out[at + 3]! ^= (x3 + k2) | 0
      out[at + 4]! ^= (x4 + k3) | 0
      out[at + 5]! ^= (x5 + C1) | 0
      out[at + 6]! ^= (x6 + n0) | 0
      out[at + 7]! ^= (x7 + n1) | 0
      out[at + 8]! ^= (x8 + b0) | 0
      out[at + 9]! ^= (x9 + b1) | 0
      out[at + 10]! ^= (x10 + C2) | 0
      out[at + 11]! ^= (x11 + k4) | 0
      out[at + 12]! ^= (x12 + k5) | 0
      out[at + 13]! ^= (x13 + k6) | 0
      out[at + 14]! ^= (x14 + k7) | 0
      out[at + 15]! ^= (x15 + C3) | 0
      return
    case 'store':
      out[at + 0] = (x0 + C0) | 0
      out[at + 1] = (x1 + k0) | 0
      out[at + 2] = (x2 + k1) | 0
      out[at + 3] = (x3 + k2) | 0
      out[at + 4] = (x4 + k3) | 0
      out[at + 5] = (x5 + C1) | 0
      out[at + 6] = (x6 + n0) | 0
      out[at + 7] = (x7 + n1) | 0
      out[at + 8] = (x8 + b0) | 0
      out[at + 9] = (x9 + b1) | 0
      out[at + 10] = (x10 + C2) | 0
      out[at + 11] = (x11 + k4) | 0
      out[at + 12] = (x12 + k5) | 0
      out[at + 13] = (x13 + k6) | 0
      out[at + 14] = (x14 + k7) | 0
      out[at + 15] = (x15 + C3) | 0
      return
  }
}

/** Eight words of HSalsa20 of a key of 32 octets and a nonce of 16: what makes XSalsa20 of Salsa20, and a box's key of an X25519 result. */
export function hsalsa20(key: Uint8Array, nonce: Uint8Array): Int32Array {
  const subkey = new Int32Array(8)
  const words = wordsOf(key, 8)
  const [n0, n1, n2, n3] = wordsOf(nonce, 4)
  salsa20(words, n0!, n1!, n2!, n3!, subkey, 0, 'hsalsa')
  words.fill(0)
  return subkey
}

/** The first `count` little-endian words of these octets. */
export function wordsOf(octets: Uint8Array, count: number): Int32Array {
  const words = new Int32Array(count)
  for (let i = 0; i < count; i++) {
    const at = 4 * i
    words[i] = octets[at]! | (octets[at + 1]! << 8) | (octets[at + 2]! << 16) | (octets[at + 3]! << 24)
  }
  return words
}

/** The octets of these words, little-endian. */
export function octetsOf(words: Int32Array): Uint8Array {
  const octets = new Uint8Array(words.length * 4)
  words.forEach((word, i) => {
    octets[4 * i] = word
    octets[4 * i + 1] = word >>> 8
    octets[4 * i + 2] = word >>> 16
    octets[4 * i + 3] = word >>> 24
  })
  return octets
}
