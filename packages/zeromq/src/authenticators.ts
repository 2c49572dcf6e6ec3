import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { decodeZ85 } from './wire/z85.ts'
import type { Admission, Authenticator } from './zap.ts'

/**
 * Lets in who knows a password: PLAIN clients by name, in octets of UTF-8; the name becomes their User-Id. Everyone else is refused
 * with 400, CURVE and NULL too. How long an answer takes tells nothing of the passwords, nor which names there are.
 */
export function plainUsers(users: Readonly<Record<string, string>>): Authenticator {
  // Digests under a key of this process: all of one length, and no password is kept.
  const key = randomBytes(32)
  const digest = (text: string | Uint8Array): Buffer => createHmac('sha256', key).update(text).digest()
  const known = new Map(Object.entries(users).map(([name, password]) => [name, digest(password)]))
  const nobody = randomBytes(32)
  return ({ mechanism, credentials: [name, password] }): Admission => {
    if (mechanism !== 'PLAIN' || name === undefined || password === undefined) return REFUSED
    const userId = new TextDecoder().decode(name)
    const expected = known.get(userId)
    const same = timingSafeEqual(digest(password), expected ?? nobody)
    return same && expected !== undefined ? { status: 200, userId } : REFUSED
  }
}

/**
 * Lets in CURVE clients whose public keys, 40 characters of Z85, are known; the value of each is its User-Id. Everyone else is refused
 * with 400, PLAIN and NULL too. Throws RangeError for a key that is none.
 */
export function curveClients(clients: Readonly<Record<string, string>>): Authenticator {
  const known = new Map<string, string>()
  for (const [publicKey, userId] of Object.entries(clients)) {
    const octets = decodeZ85(publicKey)
    if (octets?.length !== 32) throw new RangeError(`'${publicKey}' is not a public key: 40 characters of Z85`)
    known.set(Buffer.from(octets).toString('hex'), userId)
  }
  return ({ mechanism, credentials: [key] }): Admission => {
    if (mechanism !== 'CURVE' || key === undefined) return REFUSED
    // A public key is no secret: looking it up may take as long as it takes.
    const userId = known.get(Buffer.from(key).toString('hex'))
    return userId === undefined ? REFUSED : { status: 200, userId }
  }
}

const REFUSED: Admission = { status: 400, text: 'not known here' }
