import { generateKeyPairSync, sign } from 'node:crypto'

/** A certificate that signs itself, for one host name, valid from yesterday to tomorrow; and its key. Both in PEM. */
export function selfSigned(host: string): { certificate: string; key: string } {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const ecdsa = sequence(oid('2a8648ce3d040302'))
  const name = sequence(set(sequence(oid('550403'), tagged(0x0c, Buffer.from(host)))))
  const day = 86_400_000
  const validity = sequence(utcTime(Date.now() - day), utcTime(Date.now() + day))
  const names = sequence(tagged(0x82, Buffer.from(host)))
  const basic = sequence(
    oid('551d13'),
    tagged(0x01, Buffer.of(0xff)),
    tagged(0x04, sequence(tagged(0x01, Buffer.of(0xff)))),
  )
  const extensions = tagged(0xa3, sequence(basic, sequence(oid('551d11'), tagged(0x04, names))))
  const version = tagged(0xa0, tagged(0x02, Buffer.of(2)))
  const body = sequence(
    version,
    tagged(0x02, Buffer.of(1)),
    ecdsa,
    name,
    validity,
    name,
    publicKey.export({ format: 'der', type: 'spki' }),
    extensions,
  )
  const signature = sign('sha256', body, privateKey)
  const whole = sequence(body, ecdsa, tagged(0x03, Buffer.concat([Buffer.of(0), signature])))
  const base64 = whole.toString('base64').replace(/.{64}/g, '$&\n')
  return {
    certificate: `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ format: 'pem', type: 'pkcs8' }) as string,
  }
}

// DER: a tag, a length, the content.
function tagged(tag: number, content: Buffer): Buffer {
  const { length } = content
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >>> 8, length & 0xff]
  return Buffer.concat([Buffer.of(tag, ...size), content])
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tagged(0x30, Buffer.concat(parts))
}

function set(...parts: readonly Buffer[]): Buffer {
  return tagged(0x31, Buffer.concat(parts))
}

function oid(hex: string): Buffer {
  return tagged(0x06, Buffer.from(hex, 'hex'))
}

function utcTime(time: number): Buffer {
  const text = new Date(time).toISOString().replace(/[-:T]/g, '').slice(2, 14)
  return tagged(0x17, Buffer.from(`${text}Z`))
}
