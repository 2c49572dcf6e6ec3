import {
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  randomBytes,
  type KeyObject,
} from 'node:crypto'
import { createRequire } from 'node:module'
import type { CipherSuite } from './cipher/cipher.ts'
import { cipherSuite, type CipherChoice } from './cipher/suite.ts'
import type { CurveCrypto, CurveSecret } from './mechanism/curve-keys.ts'
import { decodeZ85, encodeZ85 } from './wire/z85.ts'

/** A pair of CURVE keys in Z85, 40 characters each, as `curvePublicKey` and `curveSecretKey` take them. */
export interface CurveKeyPair {
  publicKey: string
  secretKey: string
}

/** A new pair of CURVE keys (RFC 26, RFC 32). */
export function curveKeyPair(): CurveKeyPair {
  const { publicKey, privateKey } = generateKeyPairSync('x25519')
  return { publicKey: encodeZ85(octetsOf(publicKey, 'x')), secretKey: encodeZ85(octetsOf(privateKey, 'd')) }
}

/** The public key that belongs to a secret key; both in Z85. Throws RangeError where the secret key is not 40 characters of Z85. */
export function curvePublicKey(secretKey: string): string {
  const octets = decodeZ85(secretKey)
  if (octets?.length !== 32) throw new RangeError('a CURVE secret key is 40 characters of Z85')
  return encodeZ85(curveSecret(octets).publicKey)
}

/** A secret key of 32 octets, made ready for handshakes. The octets may be wiped afterwards. */
export function curveSecret(octets: Uint8Array): CurveSecret {
  const key = createPrivateKey({ key: Buffer.concat([PRIVATE_HEADER, octets]), format: 'der', type: 'pkcs8' })
  return secretOf(key, octetsOf(createPublicKey(key), 'x'))
}

/**
 * The box of CURVE for a context, tried out first. The two libraries are optional peers of this package; throws where the chosen
 * one is not installed.
 */
export function curveSuite(choice: CipherChoice = 'wasm'): CipherSuite {
  return cipherSuite(choice, createRequire(import.meta.url))
}

/** X25519 and randomness of this platform for the mechanism, with the given box. */
export function curveCrypto(suite: CipherSuite): CurveCrypto {
  return {
    suite,
    random: count => new Uint8Array(randomBytes(count)),
    keyPair() {
      const { publicKey, privateKey } = generateKeyPairSync('x25519')
      return secretOf(privateKey, octetsOf(publicKey, 'x'))
    },
  }
}

export { decodeZ85, encodeZ85 }

// The fixed part of X25519 keys in DER (RFC 8410); importing so is several times faster than by JWK.
const PRIVATE_HEADER = Buffer.from('302e020100300506032b656e04220420', 'hex')
const PUBLIC_HEADER = Buffer.from('302a300506032b656e032100', 'hex')

function secretOf(privateKey: KeyObject, publicKey: Uint8Array): CurveSecret {
  return {
    publicKey,
    shared(theirs) {
      const key = createPublicKey({ key: Buffer.concat([PUBLIC_HEADER, theirs]), format: 'der', type: 'spki' })
      let shared: Uint8Array
      try {
        shared = new Uint8Array(diffieHellman({ privateKey, publicKey: key }))
      } catch {
        // OpenSSL refuses points of low order.
        return undefined
      }
      let any = 0
      for (const octet of shared) any |= octet
      return any === 0 ? undefined : shared
    },
  }
}

function octetsOf(key: KeyObject, part: 'x' | 'd'): Uint8Array {
  const der = part === 'x' ? key.export({ format: 'der', type: 'spki' }) : key.export({ format: 'der', type: 'pkcs8' })
  return new Uint8Array(der.subarray(der.length - 32))
}
