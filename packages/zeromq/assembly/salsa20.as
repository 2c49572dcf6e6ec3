// Salsa20 and HSalsa20 by SIMD (D. J. Bernstein, "The Salsa20 family of stream ciphers").
// AssemblyScript: compiled by scripts/build-cipher.ts into src/cipher/box.wasm.ts.
//
// Two shapes of the same rounds: `blocks1` and `blocks2` keep one block in four vectors, a diagonal each, which is fastest for
// one or two blocks; `blocks4` keeps word i of four blocks in vector i.

// "expand 32-byte k"
const C0: u32 = 0x61707865
const C1: u32 = 0x3320646e
const C2: u32 = 0x79622d32
const C3: u32 = 0x6b206574

/** HSalsa20 of the 32 octets at `key` and the 16 at `nonce`: 32 octets to `out`. */
export function hsalsa20(key: usize, nonce: usize, out: usize): void {
  let x0 = C0, x1 = word(key, 0), x2 = word(key, 1), x3 = word(key, 2)
  let x4 = word(key, 3), x5 = C1, x6 = word(nonce, 0), x7 = word(nonce, 1)
  let x8 = word(nonce, 2), x9 = word(nonce, 3), x10 = C2, x11 = word(key, 4)
  let x12 = word(key, 5), x13 = word(key, 6), x14 = word(key, 7), x15 = C3
  for (let round = 0; round < 10; round++) {
    x4 ^= rotl<u32>(x0 + x12, 7); x8 ^= rotl<u32>(x4 + x0, 9); x12 ^= rotl<u32>(x8 + x4, 13); x0 ^= rotl<u32>(x12 + x8, 18)
    x9 ^= rotl<u32>(x5 + x1, 7); x13 ^= rotl<u32>(x9 + x5, 9); x1 ^= rotl<u32>(x13 + x9, 13); x5 ^= rotl<u32>(x1 + x13, 18)
    x14 ^= rotl<u32>(x10 + x6, 7); x2 ^= rotl<u32>(x14 + x10, 9); x6 ^= rotl<u32>(x2 + x14, 13); x10 ^= rotl<u32>(x6 + x2, 18)
    x3 ^= rotl<u32>(x15 + x11, 7); x7 ^= rotl<u32>(x3 + x15, 9); x11 ^= rotl<u32>(x7 + x3, 13); x15 ^= rotl<u32>(x11 + x7, 18)
    x1 ^= rotl<u32>(x0 + x3, 7); x2 ^= rotl<u32>(x1 + x0, 9); x3 ^= rotl<u32>(x2 + x1, 13); x0 ^= rotl<u32>(x3 + x2, 18)
    x6 ^= rotl<u32>(x5 + x4, 7); x7 ^= rotl<u32>(x6 + x5, 9); x4 ^= rotl<u32>(x7 + x6, 13); x5 ^= rotl<u32>(x4 + x7, 18)
    x11 ^= rotl<u32>(x10 + x9, 7); x8 ^= rotl<u32>(x11 + x10, 9); x9 ^= rotl<u32>(x8 + x11, 13); x10 ^= rotl<u32>(x9 + x8, 18)
    x12 ^= rotl<u32>(x15 + x14, 7); x13 ^= rotl<u32>(x12 + x15, 9); x14 ^= rotl<u32>(x13 + x12, 13); x15 ^= rotl<u32>(x14 + x13, 18)
  }
  store<u32>(out, x0, 0)
  store<u32>(out, x5, 4)
  store<u32>(out, x10, 8)
  store<u32>(out, x15, 12)
  store<u32>(out, x6, 16)
  store<u32>(out, x7, 20)
  store<u32>(out, x8, 24)
  store<u32>(out, x9, 28)
}

/** The key stream of block `counter`, 64 octets, to `out`. */
export function blocks1(key: usize, n0: u32, n1: u32, counter: u32, out: usize): void {
  const a = vector(C0, C1, C2, C3)
  const b = vector(word(key, 3), 0, word(key, 7), word(key, 2))
  const d = vector(word(key, 5), word(key, 0), n0, word(key, 4))
  const c0 = vector(counter, word(key, 6), word(key, 1), n1)
  let p0 = a, q0 = b, r0 = c0, s0 = d
  for (let round = 0; round < 10; round++) {
    // columns
    q0 = rotate(q0, add(p0, s0), 7)
    r0 = rotate(r0, add(q0, p0), 9)
    s0 = rotate(s0, add(r0, q0), 13)
    q0 = v128.shuffle<i32>(q0, q0, 3, 0, 1, 2)
    p0 = rotate(p0, add(s0, r0), 18)
    r0 = v128.shuffle<i32>(r0, r0, 2, 3, 0, 1)
    s0 = v128.shuffle<i32>(s0, s0, 1, 2, 3, 0)
    // rows
    s0 = rotate(s0, add(p0, q0), 7)
    r0 = rotate(r0, add(s0, p0), 9)
    q0 = rotate(q0, add(r0, s0), 13)
    s0 = v128.shuffle<i32>(s0, s0, 3, 0, 1, 2)
    p0 = rotate(p0, add(q0, r0), 18)
    r0 = v128.shuffle<i32>(r0, r0, 2, 3, 0, 1)
    q0 = v128.shuffle<i32>(q0, q0, 1, 2, 3, 0)
  }
  putDiagonals(add(p0, a), add(q0, b), add(r0, c0), add(s0, d), out)
}

/** Two blocks from `counter` on, 128 octets. */
export function blocks2(key: usize, n0: u32, n1: u32, counter: u32, out: usize): void {
  const a = vector(C0, C1, C2, C3)
  const b = vector(word(key, 3), 0, word(key, 7), word(key, 2))
  const d = vector(word(key, 5), word(key, 0), n0, word(key, 4))
  const c0 = vector(counter, word(key, 6), word(key, 1), n1)
  let p0 = a, q0 = b, r0 = c0, s0 = d
  const c1 = vector(counter + 1, word(key, 6), word(key, 1), n1)
  let p1 = a, q1 = b, r1 = c1, s1 = d
  for (let round = 0; round < 10; round++) {
    // columns
    q0 = rotate(q0, add(p0, s0), 7)
    q1 = rotate(q1, add(p1, s1), 7)
    r0 = rotate(r0, add(q0, p0), 9)
    r1 = rotate(r1, add(q1, p1), 9)
    s0 = rotate(s0, add(r0, q0), 13)
    s1 = rotate(s1, add(r1, q1), 13)
    q0 = v128.shuffle<i32>(q0, q0, 3, 0, 1, 2)
    q1 = v128.shuffle<i32>(q1, q1, 3, 0, 1, 2)
    p0 = rotate(p0, add(s0, r0), 18)
    p1 = rotate(p1, add(s1, r1), 18)
    r0 = v128.shuffle<i32>(r0, r0, 2, 3, 0, 1)
    r1 = v128.shuffle<i32>(r1, r1, 2, 3, 0, 1)
    s0 = v128.shuffle<i32>(s0, s0, 1, 2, 3, 0)
    s1 = v128.shuffle<i32>(s1, s1, 1, 2, 3, 0)
    // rows
    s0 = rotate(s0, add(p0, q0), 7)
    s1 = rotate(s1, add(p1, q1), 7)
    r0 = rotate(r0, add(s0, p0), 9)
    r1 = rotate(r1, add(s1, p1), 9)
    q0 = rotate(q0, add(r0, s0), 13)
    q1 = rotate(q1, add(r1, s1), 13)
    s0 = v128.shuffle<i32>(s0, s0, 3, 0, 1, 2)
    s1 = v128.shuffle<i32>(s1, s1, 3, 0, 1, 2)
    p0 = rotate(p0, add(q0, r0), 18)
    p1 = rotate(p1, add(q1, r1), 18)
    r0 = v128.shuffle<i32>(r0, r0, 2, 3, 0, 1)
    r1 = v128.shuffle<i32>(r1, r1, 2, 3, 0, 1)
    q0 = v128.shuffle<i32>(q0, q0, 1, 2, 3, 0)
    q1 = v128.shuffle<i32>(q1, q1, 1, 2, 3, 0)
  }
  putDiagonals(add(p0, a), add(q0, b), add(r0, c0), add(s0, d), out)
  putDiagonals(add(p1, a), add(q1, b), add(r1, c1), add(s1, d), out + 64)
}

/** Four blocks, 256 octets; `n0`, `n1` and `counter` have a lane for each, so that they may belong to different messages. */
export function blocks4(key: usize, n0: v128, n1: v128, counter: v128, out: usize): void {
  rounds4(key, n0, n1, counter, out, 0, false)
}

/** Four blocks of one message, mixed into the 256 octets at `source`, to `out` (which may be the same). */
export function mix4(key: usize, n0: u32, n1: u32, counter: u32, source: usize, out: usize): void {
  rounds4(key, splat(n0), splat(n1), add(splat(counter), i32x4(0, 1, 2, 3)), out, source, true)
}

@inline
function rounds4(key: usize, n0: v128, n1: v128, counter: v128, out: usize, source: usize, mix: bool): void {
  let x0 = splat(C0)
  let x1 = splat(word(key, 0))
  let x2 = splat(word(key, 1))
  let x3 = splat(word(key, 2))
  let x4 = splat(word(key, 3))
  let x5 = splat(C1)
  let x6 = n0
  let x7 = n1
  let x8 = counter
  let x9 = splat(0)
  let x10 = splat(C2)
  let x11 = splat(word(key, 4))
  let x12 = splat(word(key, 5))
  let x13 = splat(word(key, 6))
  let x14 = splat(word(key, 7))
  let x15 = splat(C3)
  for (let round = 0; round < 10; round++) {
    x4 = rotate(x4, add(x0, x12), 7)
    x8 = rotate(x8, add(x4, x0), 9)
    x12 = rotate(x12, add(x8, x4), 13)
    x0 = rotate(x0, add(x12, x8), 18)
    x9 = rotate(x9, add(x5, x1), 7)
    x13 = rotate(x13, add(x9, x5), 9)
    x1 = rotate(x1, add(x13, x9), 13)
    x5 = rotate(x5, add(x1, x13), 18)
    x14 = rotate(x14, add(x10, x6), 7)
    x2 = rotate(x2, add(x14, x10), 9)
    x6 = rotate(x6, add(x2, x14), 13)
    x10 = rotate(x10, add(x6, x2), 18)
    x3 = rotate(x3, add(x15, x11), 7)
    x7 = rotate(x7, add(x3, x15), 9)
    x11 = rotate(x11, add(x7, x3), 13)
    x15 = rotate(x15, add(x11, x7), 18)
    x1 = rotate(x1, add(x0, x3), 7)
    x2 = rotate(x2, add(x1, x0), 9)
    x3 = rotate(x3, add(x2, x1), 13)
    x0 = rotate(x0, add(x3, x2), 18)
    x6 = rotate(x6, add(x5, x4), 7)
    x7 = rotate(x7, add(x6, x5), 9)
    x4 = rotate(x4, add(x7, x6), 13)
    x5 = rotate(x5, add(x4, x7), 18)
    x11 = rotate(x11, add(x10, x9), 7)
    x8 = rotate(x8, add(x11, x10), 9)
    x9 = rotate(x9, add(x8, x11), 13)
    x10 = rotate(x10, add(x9, x8), 18)
    x12 = rotate(x12, add(x15, x14), 7)
    x13 = rotate(x13, add(x12, x15), 9)
    x14 = rotate(x14, add(x13, x12), 13)
    x15 = rotate(x15, add(x14, x13), 18)
  }
  putColumns(add(x0, splat(C0)), add(x1, splat(word(key, 0))), add(x2, splat(word(key, 1))), add(x3, splat(word(key, 2))), out + 0, source + 0, mix)
  putColumns(add(x4, splat(word(key, 3))), add(x5, splat(C1)), add(x6, n0), add(x7, n1), out + 16, source + 16, mix)
  putColumns(add(x8, counter), add(x9, splat(0)), add(x10, splat(C2)), add(x11, splat(word(key, 4))), out + 32, source + 32, mix)
  putColumns(add(x12, splat(word(key, 5))), add(x13, splat(word(key, 6))), add(x14, splat(word(key, 7))), add(x15, splat(C3)), out + 48, source + 48, mix)
}

// Four words of four blocks, turned into 16 octets of each block.
@inline
function putColumns(a: v128, b: v128, c: v128, d: v128, out: usize, source: usize, mix: bool): void {
  const ab0 = v128.shuffle<i32>(a, b, 0, 4, 1, 5)
  const cd0 = v128.shuffle<i32>(c, d, 0, 4, 1, 5)
  const ab1 = v128.shuffle<i32>(a, b, 2, 6, 3, 7)
  const cd1 = v128.shuffle<i32>(c, d, 2, 6, 3, 7)
  put(v128.shuffle<i64>(ab0, cd0, 0, 2), out, source, mix)
  put(v128.shuffle<i64>(ab0, cd0, 1, 3), out + 64, source + 64, mix)
  put(v128.shuffle<i64>(ab1, cd1, 0, 2), out + 128, source + 128, mix)
  put(v128.shuffle<i64>(ab1, cd1, 1, 3), out + 192, source + 192, mix)
}

@inline
function put(stream: v128, out: usize, source: usize, mix: bool): void {
  if (mix) v128.store(out, v128.xor(stream, v128.load(source)))
  else v128.store(out, stream)
}

// The four diagonals of one block, turned back into its 16 words.
@inline
function putDiagonals(a: v128, b: v128, c: v128, d: v128, out: usize): void {
  const p = v128.shuffle<i32>(a, d, 0, 5, 2, 7)
  const q = v128.shuffle<i32>(c, b, 0, 5, 2, 7)
  const r = v128.shuffle<i32>(b, a, 0, 5, 2, 7)
  const s = v128.shuffle<i32>(d, c, 0, 5, 2, 7)
  v128.store(out, v128.shuffle<i32>(p, q, 0, 1, 6, 7), 0)
  v128.store(out, v128.shuffle<i32>(r, s, 0, 1, 6, 7), 16)
  v128.store(out, v128.shuffle<i32>(q, p, 0, 1, 6, 7), 32)
  v128.store(out, v128.shuffle<i32>(s, r, 0, 1, 6, 7), 48)
}

// target ^ (sum <<< bits), in each lane
@inline
function rotate(target: v128, sum: v128, bits: i32): v128 {
  return v128.xor(v128.xor(target, i32x4.shl(sum, bits)), i32x4.shr_u(sum, 32 - bits))
}

@inline
function add(a: v128, b: v128): v128 {
  return i32x4.add(a, b)
}

@inline
function splat(value: u32): v128 {
  return i32x4.splat(value)
}

/** A vector of four words. */
@inline
export function vector(a: u32, b: u32, c: u32, d: u32): v128 {
  return i32x4.replace_lane(i32x4.replace_lane(i32x4.replace_lane(i32x4.splat(a), 1, b), 2, c), 3, d)
}

@inline
function word(base: usize, index: i32): u32 {
  return load<u32>(base + (index << 2))
}
