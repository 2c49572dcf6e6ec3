import { expect, test } from 'vitest'
import type { CipherSuite } from '../../src/cipher/cipher.ts'
import { Poly1305 } from '../../src/cipher/poly1305.ts'
import { wordsOf } from '../../src/cipher/salsa20.ts'
import { compileBox, WasmModule } from '../../src/cipher/wasm-module.ts'
import { numbers, randomOctets } from './records.ts'

// Against the definition, in BigInt: 16 octets at a time, plus 2^128, times r, modulo 2^130 - 5.

const IMPLEMENTATIONS: [CipherSuite['name'], (key: Uint8Array, message: Uint8Array) => Uint8Array][] = [
  ['js', inJavaScript()],
  ['wasm', inWebAssembly()],
]
const EXTREMES = [0, 1, 0x7f, 0x80, 0xfe, 0xff]
// Sums that come out at the prime, one below and one above it, and at 2^128.
const AT_THE_PRIME = [
  [...octets(0xff, 16)],
  [0xfb, ...octets(0xff, 15)],
  [0xfa, ...octets(0xff, 15)],
  [0xfc, ...octets(0xff, 15)],
  [...octets(0xff, 16), 0x05, ...octets(0, 15)],
  [...octets(0xff, 16), 0xfb, ...octets(0xfe, 15), ...octets(0x01, 16)],
  [...octets(0xff, 16), 0xf0, ...octets(0xff, 15), 0x11, ...octets(0, 15)],
]

test.each(IMPLEMENTATIONS)('%s agrees with the definition on messages of extreme octets', (_name, poly) => {
  const random = numbers(30)

  for (const r of EXTREMES) {
    for (const s of EXTREMES) {
      for (const m of EXTREMES) {
        for (const length of [0, 1, 15, 16, 17, 31, 32, 33, 64, 127, 128, 144, 160, 255, 512]) {
          check(poly, Uint8Array.of(...octets(r, 16), ...octets(s, 16)), new Uint8Array(length).fill(m))
        }
      }
    }
  }
  for (let i = 0; i < 2000; i++) {
    const pick = (count: number): number[] => Array.from({ length: count }, () => EXTREMES[random(6)]!)
    check(poly, Uint8Array.from(pick(32)), Uint8Array.from(pick(random(400))))
  }
})

test.each(IMPLEMENTATIONS)('%s agrees with the definition where the sum is about the prime', (_name, poly) => {
  for (const message of AT_THE_PRIME) {
    for (const r of [1, 2, 3, 4]) {
      for (const s of [0, 1, 0xff]) {
        const key = Uint8Array.of(r, ...octets(0, 15), ...octets(s, 16))
        check(poly, key, Uint8Array.from(message))
        // Behind zeros, so that it also meets the two blocks at a time of long messages.
        check(poly, key, Uint8Array.from([...octets(0, 128), ...message]))
        check(poly, key, Uint8Array.from([...octets(0, 112), ...message, ...octets(0, 16)]))
      }
    }
  }
})

test.each(IMPLEMENTATIONS)('%s agrees with the definition on random messages of every length', (_name, poly) => {
  const random = numbers(31)

  for (let length = 0; length < 300; length++) check(poly, randomOctets(random, 32), randomOctets(random, length))
})

function check(poly: (key: Uint8Array, message: Uint8Array) => Uint8Array, key: Uint8Array, message: Uint8Array): void {
  const tag = Buffer.from(poly(key, message)).toString('hex')
  if (tag !== defined(key, message)) {
    expect(tag, `key ${Buffer.from(key).toString('hex')}, message ${Buffer.from(message).toString('hex')}`).toBe(
      defined(key, message),
    )
  }
}

function defined(key: Uint8Array, message: Uint8Array): string {
  const r = little(key.subarray(0, 16)) & 0x0ffffffc0ffffffc0ffffffc0fffffffn
  let sum = 0n
  for (let at = 0; at < message.length; at += 16) {
    const block = message.subarray(at, at + 16)
    sum = ((sum + little(block) + (1n << BigInt(8 * block.length))) * r) % ((1n << 130n) - 5n)
  }
  const tag = (sum + little(key.subarray(16))) & ((1n << 128n) - 1n)
  return Buffer.from(tag.toString(16).padStart(32, '0'), 'hex').reverse().toString('hex')
}

function little(part: Uint8Array): bigint {
  return BigInt(`0x0${Buffer.from(part).reverse().toString('hex')}`)
}

function octets(value: number, count: number): number[] {
  return Array.from({ length: count }, () => value)
}

function inJavaScript(): (key: Uint8Array, message: Uint8Array) => Uint8Array {
  const poly = new Poly1305()
  const scratch = new Uint8Array(1024)
  const words = new Int32Array(scratch.buffer)
  return (key, message) => {
    scratch.fill(0xaa)
    scratch.set(message)
    poly.start(wordsOf(key, 8))
    poly.update(words, scratch, 0, message.length)
    poly.finish()
    return new Uint8Array(poly.tag.buffer.slice(0))
  }
}

function inWebAssembly(): (key: Uint8Array, message: Uint8Array) => Uint8Array {
  const module = new WasmModule(compileBox())
  const { calls, octets: memory, inAt, outAt } = module
  return (key, message) => {
    memory.fill(0xaa, inAt, inAt + 512)
    memory.set(key, inAt)
    memory.set(message, inAt + 64)
    calls.poly1305(inAt, inAt + 64, message.length, outAt)
    return memory.slice(outAt, outAt + 16)
  }
}
