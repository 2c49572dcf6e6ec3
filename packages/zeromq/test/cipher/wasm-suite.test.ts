import { expect, test } from 'vitest'
import { committed, compile } from '../../scripts/build-cipher.ts'
import type { Cipher } from '../../src/cipher/cipher.ts'
import { WasmCipher } from '../../src/cipher/wasm-cipher.ts'
import { compileBox, WasmModule } from '../../src/cipher/wasm-module.ts'
import { wasmSuite } from '../../src/cipher/wasm-suite.ts'
import { nonce, numbers, packed, randomOctets } from './records.ts'

test('the committed bytes are what the source compiles to', async () => {
  expect(Buffer.compare(await compile(), committed())).toBe(0)
})

test('past 4096 connections there is a second instance, and all of them work', () => {
  const suite = wasmSuite()
  const random = numbers(40)
  const ciphers: [Cipher, Cipher][] = Array.from({ length: 2500 }, () => {
    const key = randomOctets(random, 32)
    return [suite.cipher(key, 'client', nonce(1)), suite.cipher(key, 'server', nonce(2))]
  })
  const record = packed(random, [30])
  const frame = new Uint8Array(100)
  const opened = new Uint8Array(32)

  for (const [client, server] of ciphers) {
    client.seal(record, 0, 32, frame, 0)
    expect(server.open(frame, 0, client.written, opened, 0)).toBe(1)
  }

  for (const [client, server] of ciphers) {
    client.wipe()
    server.wipe()
  }
})

test('a slot is handed out again once its connection has wiped it, and holds nothing of it', () => {
  const module = new WasmModule(compileBox())
  const slot = module.take()!
  const cipher = new WasmCipher(module, slot, new Uint8Array(32).fill(7), 'client', nonce(1), () => {})
  const secret = new Uint8Array(200).fill(0x5a)
  const frame = new Uint8Array(300)
  cipher.sealPart(0, secret, frame, 0)
  cipher.sealPart(0, new Uint8Array(140_000).fill(0x5a), new Uint8Array(141_000), 0)

  cipher.wipe()
  cipher.wipe()

  expect(module.idle).toBe(true)
  expect(module.take()).toBe(slot)
  const fresh = new WasmModule(compileBox())
  // All of its memory is as it was, but for what the last call said of itself.
  expect(different(module.octets, fresh.octets)).toBeLessThanOrEqual(8)
})

test('a cipher that was wiped refuses to go on', () => {
  const cipher = wasmSuite().cipher(new Uint8Array(32), 'client', nonce(1))

  cipher.wipe()

  expect(() => cipher.seal(new Uint8Array(2), 0, 2, new Uint8Array(99), 0)).toThrow('wiped')
})

test.each([
  [-1, 2, 0],
  [0, 5, 0],
  [3, 2, 0],
  [0, 4, 100],
  [0, 4, -1],
  [0, 4, Number.NaN],
])('a range [%i, %i) of four octets to offset %i of 99 is refused', (start, end, offset) => {
  const cipher = wasmSuite().cipher(new Uint8Array(32), 'client', nonce(1))
  const [source, target] = [new Uint8Array(4), new Uint8Array(99)]

  expect(() => cipher.seal(source, start, end, target, offset)).toThrow(RangeError)
  expect(() => cipher.open(source, start, end, target, offset)).toThrow(RangeError)
  expect(() => cipher.openPart(source, start, end, target, offset)).toThrow(RangeError)
  cipher.wipe()
})

test('a part that the target has no room for is refused', () => {
  const suite = wasmSuite()
  const cipher = suite.cipher(new Uint8Array(32), 'client', nonce(1))

  expect(() => cipher.sealPart(0, new Uint8Array(64), new Uint8Array(98), 0)).toThrow(RangeError)
  expect(() => cipher.openPart(new Uint8Array(97), 0, 97, new Uint8Array(63), 0)).toThrow(RangeError)
  cipher.wipe()
})

function different(a: Uint8Array, b: Uint8Array): number {
  let count = 0
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) count++
  return count
}
