import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto'

/** A key and a certificate for it, both in PEM. */
export interface Certificate {
  readonly certificate: string
  /** PKCS #8, without a password. */
  readonly key: string
}

/**
 * A new certificate for `localhost` and 127.0.0.1, signed by itself, so that it is also what a client is to trust. Valid from a day before
 * `now` (milliseconds) for a year. Only for tests: the key lies in a file.
 */
export function selfSigned(now: number): Certificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  const spki = publicKey.export({ type: 'spki', format: 'der' })
  const body = sequence(
    tagged(0, integer(Buffer.from([2]))), // X.509 v3
    integer(Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    ecdsaWithSha256,
    name,
    sequence(time(now - 86_400_000), time(now + 365 * 86_400_000)),
    name,
    spki,
    tagged(3, sequence(...extensions(spki))),
  )
  const signature = sign('sha256', body, privateKey)
  return {
    certificate: pem('CERTIFICATE', sequence(body, ecdsaWithSha256, bits(signature))),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}

// RFC 5280 §4.2.1: subject alternative name, basic constraints (it signs itself), subject key identifier
function extensions(spki: Buffer): Buffer[] {
  const names = sequence(der(0x82, Buffer.from('localhost')), der(0x87, Buffer.from([127, 0, 0, 1])))
  const identifier = createHash('sha1').update(spki.subarray(-65)).digest()
  return [
    sequence(oid('551d11'), octets(names)),
    sequence(oid('551d13'), der(0x01, Buffer.from([0xff])), octets(sequence(der(0x01, Buffer.from([0xff]))))),
    sequence(oid('551d0e'), octets(octets(identifier))),
  ]
}

/** ITU-T X.690 §8.1: one element in the distinguished encoding. */
function der(tag: number, content: Buffer): Buffer {
  const size = content.length
  const length = size < 128 ? [size] : size < 256 ? [0x81, size] : [0x82, size >> 8, size & 255]
  return Buffer.concat([Buffer.from([tag, ...length]), content])
}

function sequence(...parts: Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts))
}

function tagged(number: number, content: Buffer): Buffer {
  return der(0xa0 | number, content)
}

function integer(bytes: Buffer): Buffer {
  return der(0x02, bytes)
}

function octets(content: Buffer): Buffer {
  return der(0x04, content)
}

function bits(content: Buffer): Buffer {
  return der(0x03, Buffer.concat([Buffer.from([0]), content]))
}

function oid(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, 'hex'))
}

function time(milliseconds: number): Buffer {
  const digits = new Date(milliseconds).toISOString().replace(/[-:T]|\.\d+/g, '')
  return der(0x17, Buffer.from(digits.slice(2))) // UTCTime, good until 2049
}

function pem(label: string, bytes: Buffer): string {
  const lines = bytes.toString('base64').replace(/.{64}(?=.)/g, '$&\n')
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`
}

const ecdsaWithSha256 = sequence(oid('2a8648ce3d040302'))
const name = sequence(der(0x31, sequence(oid('550403'), der(0x0c, Buffer.from('localhost')))))
