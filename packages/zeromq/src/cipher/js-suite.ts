import type { Cipher, CipherSuite } from './cipher.ts'
import { hsalsa20, octetsOf, wordsOf } from './salsa20.ts'
import { MESSAGE_PREFIX, RecordCipher, type DirectionBox } from './record-cipher.ts'
import { SecretBox } from './secret-box.ts'

/** The box in plain JavaScript: where there is no WebAssembly with SIMD, and for the few boxes of a handshake. */
export function jsSuite(): CipherSuite {
  const box = new SecretBox()
  return {
    name: 'js',
    boxKey(shared) {
      return octetsOf(hsalsa20(shared, NO_NONCE))
    },
    seal(key, nonce, plain) {
      const sealed = new Uint8Array(plain.length + 16)
      const subkey = hsalsa20(key, nonce)
      const [n0, n1] = wordsOf(nonce.subarray(16), 2)
      box.seal(subkey, n0!, n1!, -1, plain, 0, plain.length, sealed, 0)
      subkey.fill(0)
      box.wipe()
      return sealed
    },
    open(key, nonce, sealed) {
      if (sealed.length < 16) return undefined
      const plain = new Uint8Array(sealed.length - 16)
      const subkey = hsalsa20(key, nonce)
      const [n0, n1] = wordsOf(nonce.subarray(16), 2)
      const opened = box.open(subkey, n0!, n1!, false, sealed, 0, sealed.length, plain, 0)
      subkey.fill(0)
      box.wipe()
      return opened < 0 ? undefined : plain
    },
    cipher(key, side, peerNonce): Cipher {
      const other = side === 'client' ? 'server' : 'client'
      return new RecordCipher(
        direction(box, key, MESSAGE_PREFIX[side]),
        direction(box, key, MESSAGE_PREFIX[other]),
        side,
        peerNonce,
      )
    },
  }
}

function direction(box: SecretBox, key: Uint8Array, prefix: string): DirectionBox {
  const subkey = hsalsa20(key, new TextEncoder().encode(prefix))
  return {
    seal(high, low, head, source, start, end, target, offset) {
      box.seal(subkey, swapped(high), swapped(low), head, source, start, end, target, offset)
    },
    open(high, low, source, start, end, target, offset) {
      return box.open(subkey, swapped(high), swapped(low), true, source, start, end, target, offset)
    },
    wipe() {
      subkey.fill(0)
      box.wipe()
    },
  }
}

const NO_NONCE = new Uint8Array(16)

// The counter is big-endian on the wire, Salsa20 reads its words little-endian.
function swapped(word: number): number {
  return (word >>> 24) | ((word >>> 8) & 0xff00) | ((word << 8) & 0xff0000) | (word << 24) | 0
}
