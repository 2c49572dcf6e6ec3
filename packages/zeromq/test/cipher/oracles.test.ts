import { xsalsa20poly1305 } from '@noble/ciphers/salsa.js'
import sodium from 'libsodium-wrappers'
import { createRequire } from 'node:module'
import nacl from 'tweetnacl'
import { beforeAll, describe, expect, test } from 'vitest'
import type { CipherSuite } from '../../src/cipher/cipher.ts'
import { sodiumSuite, type SodiumNative } from '../../src/cipher/library-suites.ts'
import { curveSuite } from '../../src/curve.ts'
import { newSecret } from '../mechanism/handshake.ts'
import { nonce, numbers, packed, randomOctets } from './records.ts'

// The box of each suite, message by message, against three implementations that have nothing to do with each other.

beforeAll(() => sodium.ready)

const ORACLES: Record<string, (key: Uint8Array, nonce: Uint8Array, plain: Uint8Array) => Uint8Array> = {
  'libsodium-wrappers': (key, nonce, plain) => sodium.crypto_secretbox_easy(plain, nonce, key),
  '@noble/ciphers': (key, nonce, plain) => xsalsa20poly1305(key, nonce).encrypt(plain),
  tweetnacl: (key, nonce, plain) => nacl.secretbox(plain, nonce, key),
}
const LENGTHS = [
  ...Array.from({ length: 301 }, (_, i) => i),
  511,
  512,
  513,
  1023,
  4096,
  16_351,
  16_352,
  16_353,
  32_736,
  100_000,
]

test.each(Object.keys(ORACLES))('plain JavaScript seals and opens as %s does, at every length', name => {
  const oracle = ORACLES[name]!
  const suite = curveSuite('js')
  const random = numbers(1)

  for (const length of LENGTHS) {
    const [key, prefix, plain] = [randomOctets(random, 32), randomOctets(random, 24), randomOctets(random, length)]
    const box = oracle(key, prefix, plain)

    expect(Buffer.compare(suite.seal(key, prefix, plain), box), `seal ${length}`).toBe(0)
    expect(Buffer.compare(suite.open(key, prefix, box)!, plain), `open ${length}`).toBe(0)
    box[random(box.length)]! ^= 1 << random(8)
    expect(suite.open(key, prefix, box), `forged ${length}`).toBeUndefined()
  }
})

describe.each(['wasm', 'js', '@noble/ciphers', 'sodium-native'] as const)('the cipher %s', choice => {
  test.each(Object.keys(ORACLES))('writes MESSAGE frames whose boxes %s makes too', name => {
    const oracle = ORACLES[name]!
    const random = numbers(2)
    const key = randomOctets(random, 32)
    const cipher = curveSuite(choice).cipher(key, 'server', nonce(2))
    const records = packed(random, LENGTHS)
    const frames = new Uint8Array(records.length + 40 * LENGTHS.length)

    expect(cipher.seal(records, 0, records.length, frames, 0)).toBe(LENGTHS.length)

    expect(Buffer.compare(frames.subarray(0, cipher.written), expected(records, key, oracle))).toBe(0)
    cipher.wipe()
  })

  test('opens what another implementation sealed', () => {
    const random = numbers(3)
    const key = randomOctets(random, 32)
    const cipher = curveSuite(choice).cipher(key, 'client', nonce(1))
    const records = packed(random, LENGTHS)
    const frames = expected(records, key, ORACLES['tweetnacl']!)
    const opened = new Uint8Array(records.length)

    expect(cipher.open(frames, 0, frames.length, opened, 0)).toBe(LENGTHS.length)

    expect(cipher.read).toBe(frames.length)
    expect(Buffer.compare(opened, records)).toBe(0)
    cipher.wipe()
  })
})

test("a box's key is the one that libsodium makes of the same key pairs", () => {
  const { publicKey, privateKey } = sodium.crypto_box_keypair()
  const ours = newSecret()

  const shared = ours.shared(publicKey)!

  const key = sodium.crypto_box_beforenm(ours.publicKey, privateKey)
  for (const suite of suites()) expect(Buffer.compare(suite.boxKey(shared), key)).toBe(0)
})

test('the answer of the self-test is that of libsodium', () => {
  const suite = sodiumSuite(createRequire(import.meta.url)('sodium-native') as SodiumNative)
  const key = Uint8Array.from({ length: 32 }, (_, i) => i)

  expect(suite.open(key, new Uint8Array(24), sodium.crypto_secretbox_easy(key, new Uint8Array(24), key))).toEqual(key)
  // Each suite runs the self-test when it is chosen; a wrong answer would have thrown.
  expect(suites().map(({ name }) => name)).toEqual(['wasm', 'js', '@noble/ciphers', 'sodium-native'])
})

function suites(): CipherSuite[] {
  return (['wasm', 'js', '@noble/ciphers', 'sodium-native'] as const).map(choice => curveSuite(choice))
}

// RFC 26 spelled out, with the box of somebody else.
function expected(
  records: Uint8Array,
  key: Uint8Array,
  box: (key: Uint8Array, nonce: Uint8Array, plain: Uint8Array) => Uint8Array,
): Uint8Array {
  const frames: Uint8Array[] = []
  let counter = 2
  for (let at = 0; at < records.length; counter++) {
    const flags = records[at]!
    const view = Buffer.from(records.buffer, records.byteOffset, records.length)
    const size = (flags & 2) === 0 ? records[at + 1]! : view.readUIntBE(at + 3, 6)
    const from = at + ((flags & 2) === 0 ? 2 : 9)
    const number = Buffer.alloc(8)
    number.writeUInt32BE(counter, 4)
    const inner = (flags & 1) | ((flags & 4) === 0 ? 0 : 2)
    const sealed = box(
      key,
      Buffer.concat([Buffer.from('CurveZMQMESSAGES'), number]),
      Buffer.concat([Uint8Array.of(inner), records.subarray(from, from + size)]),
    )
    const body = Buffer.concat([Buffer.from('\x07MESSAGE'), number, sealed])
    const header = Buffer.alloc(body.length < 256 ? 2 : 9)
    if (header.length === 2) header[1] = body.length
    else {
      header[0] = 2
      header.writeUIntBE(body.length, 3, 6)
    }
    frames.push(header, body)
    at = from + size
  }
  return new Uint8Array(Buffer.concat(frames))
}
