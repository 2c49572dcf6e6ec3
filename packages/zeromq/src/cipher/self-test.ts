import type { CipherSuite } from './cipher.ts'

/**
 * Seals records of every kind with a known key, compares the octets with the known answer, opens them again and tries a forgery.
 * Throws where anything differs: nobody gets to encrypt with a broken cipher. Takes well under a millisecond.
 */
export function selfTest(suite: CipherSuite): void {
  const records = knownRecords()
  const key = Uint8Array.from({ length: 32 }, (_, i) => i * 7 + 1)
  const sealed = new Uint8Array(records.length + 40 * SIZES.length)
  const opened = new Uint8Array(records.length)
  const client = suite.cipher(key, 'client', nonce(1))
  const server = suite.cipher(key, 'server', nonce(2))
  try {
    expect(suite, client.seal(records, 0, records.length, sealed, 0) === SIZES.length, 'sealed too few')
    expect(suite, digest(sealed.subarray(0, client.written)) === ANSWER, 'sealed wrongly')
    expect(suite, server.open(sealed, 0, client.written, opened, 0) === SIZES.length, 'opened too few')
    expect(suite, digest(opened) === digest(records), 'opened wrongly')
    client.sealPart(0, opened.subarray(0, 50), sealed, 0)
    sealed[60]! ^= 1
    expect(suite, server.open(sealed, 0, 85, opened, 0) < 0, 'opened a forgery')
  } finally {
    client.wipe()
    server.wipe()
  }
}

/** The records that the self-test seals; for the test that holds the answer to an independent implementation. */
export function knownRecords(): Uint8Array {
  const records: number[] = []
  for (const [i, size] of SIZES.entries()) {
    const more = i % 3 === 0 ? 1 : 0
    if (size < 256) records.push(more, size)
    else records.push(more | 2, 0, 0, 0, 0, 0, 0, size >>> 8, size & 0xff)
    for (let j = 0; j < size; j++) records.push((i * 31 + j * 17) & 0xff)
  }
  return Uint8Array.from(records)
}

/** FNV-1a: enough to tell a broken cipher from a good one. */
export function digest(octets: Uint8Array): number {
  let hash = 0x811c9dc5
  for (const octet of octets) hash = Math.imul(hash ^ octet, 0x01000193)
  return hash >>> 0
}

// Four, two and one at a time, one to many blocks, every length of a tail.
const SIZES = [0, 1, 15, 31, 16, 30, 32, 95, 64, 40, 222, 223, 255, 5, 256, 479, 500, 1000, 96, 3]
const ANSWER = 0xf260478a

function nonce(counter: number): Uint8Array {
  return Uint8Array.of(0, 0, 0, 0, 0, 0, 0, counter)
}

function expect(suite: CipherSuite, fact: boolean, what: string): void {
  if (!fact) throw new Error(`the CURVE cipher ${suite.name} is broken on this platform: it ${what}`)
}
