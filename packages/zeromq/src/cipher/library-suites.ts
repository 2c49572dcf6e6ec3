import type { CipherSuite } from './cipher.ts'
import { hsalsa20, octetsOf } from './salsa20.ts'
import { MESSAGE_PREFIX, RecordCipher, type DirectionBox } from './record-cipher.ts'

/** What is used of `@noble/ciphers/salsa.js`. */
export interface NobleSalsa {
  readonly xsalsa20poly1305: (
    key: Uint8Array,
    nonce: Uint8Array,
  ) => { encrypt(plain: Uint8Array): Uint8Array; decrypt(box: Uint8Array): Uint8Array }
}

/** What is used of `sodium-native`. */
export interface SodiumNative {
  crypto_secretbox_easy(box: Uint8Array, plain: Uint8Array, nonce: Uint8Array, key: Uint8Array): void
  crypto_secretbox_open_easy(plain: Uint8Array, box: Uint8Array, nonce: Uint8Array, key: Uint8Array): boolean
}

/** The box of the audited library @noble/ciphers, an optional peer. */
export function nobleSuite({ xsalsa20poly1305 }: NobleSalsa): CipherSuite {
  return librarySuite('@noble/ciphers', {
    seal: (key, nonce, plain) => xsalsa20poly1305(key, nonce).encrypt(plain),
    open(key, nonce, box) {
      try {
        return xsalsa20poly1305(key, nonce).decrypt(box)
      } catch {
        // It throws for a wrong tag, and there is nothing else that can be wrong with octets of the right lengths.
        return undefined
      }
    },
  })
}

/** The box of libsodium by sodium-native, an optional peer: native code. */
export function sodiumSuite(sodium: SodiumNative): CipherSuite {
  return librarySuite('sodium-native', {
    seal(key, nonce, plain) {
      const box = new Uint8Array(plain.length + 16)
      sodium.crypto_secretbox_easy(box, plain, nonce, key)
      return box
    },
    open(key, nonce, box) {
      if (box.length < 16) return undefined
      const plain = new Uint8Array(box.length - 16)
      return sodium.crypto_secretbox_open_easy(plain, box, nonce, key) ? plain : undefined
    },
  })
}

type LibraryBox = Pick<CipherSuite, 'seal' | 'open'>

function librarySuite(name: CipherSuite['name'], box: LibraryBox): CipherSuite {
  return {
    name,
    seal: box.seal,
    open: (key, nonce, sealed) => (sealed.length < 16 ? undefined : box.open(key, nonce, sealed)),
    // Neither library has HSalsa20 by itself. It makes keys of keys and never meets a message.
    boxKey: shared => octetsOf(hsalsa20(shared, new Uint8Array(16))),
    cipher(key, side, peerNonce) {
      const other = side === 'client' ? 'server' : 'client'
      const outward = direction(box, key, MESSAGE_PREFIX[side])
      return new RecordCipher(outward, direction(box, key, MESSAGE_PREFIX[other]), side, peerNonce)
    },
  }
}

function direction(box: LibraryBox, sharedKey: Uint8Array, prefix: string): DirectionBox {
  const key = new Uint8Array(sharedKey)
  const nonce = new TextEncoder().encode(`${prefix}\0\0\0\0\0\0\0\0`)
  const counter = new DataView(nonce.buffer, nonce.byteOffset + 16, 8)
  return {
    seal(high, low, head, source, start, end, target, offset) {
      counter.setUint32(0, high)
      counter.setUint32(4, low)
      const plain = new Uint8Array(1 + end - start)
      plain[0] = head
      plain.set(source.subarray(start, end), 1)
      target.set(box.seal(key, nonce, plain), offset)
    },
    open(high, low, source, start, end, target, offset) {
      counter.setUint32(0, high)
      counter.setUint32(4, low)
      const plain = box.open(key, nonce, source.subarray(start, end))
      if (plain === undefined || plain.length === 0) return -1
      target.set(plain.subarray(1), offset)
      return plain[0]!
    },
    wipe() {
      key.fill(0)
    },
  }
}
