import { describe, expect, test } from 'vitest'
import { CIPHER_FAILURES, sealedSize, type Cipher } from '../../src/cipher/cipher.ts'
import { curveSuite } from '../../src/curve.ts'
import { nonce, numbers, packed, randomOctets } from './records.ts'

// What every cipher promises, whoever makes its boxes.

describe.each(['wasm', 'js', '@noble/ciphers', 'sodium-native'] as const)('the cipher %s', choice => {
  const suite = curveSuite(choice)

  test('records come out as they went in, in any mixture of sizes', () => {
    const random = numbers(10)
    const { client, server } = pair(random)

    for (let round = 0; round < 150; round++) {
      const widest = [32, 96, 400, 5000][round % 4]!
      const sizes = Array.from({ length: 1 + random(12) }, () => random(widest))
      const records = packed(random, sizes)

      expect(Buffer.compare(through(client, server, records, sizes.length), records)).toBe(0)
      expect(Buffer.compare(through(server, client, records, sizes.length), records)).toBe(0)
    }
  })

  test('records that are larger than any scratch come out as they went in', () => {
    const random = numbers(11)
    const { client, server } = pair(random)
    const sizes = [5, 131_062, 131_063, 131_064, 131_072, 65_536 - 33, 1_000_000, 3]
    const records = packed(random, sizes)

    expect(Buffer.compare(through(client, server, records, sizes.length), records)).toBe(0)
  })

  test('a part that is given apart is the same frame', () => {
    const random = numbers(12)
    for (const size of [0, 1, 222, 223, 255, 256, 1000, 131_100, 300_000]) {
      const { client, server } = pair(random)
      const { client: twin } = pair(random)
      const body = randomOctets(random, size)
      const frame = new Uint8Array(sealedSize(size) + 3)
      const opened = new Uint8Array(size + 2)

      expect(client.sealPart(1, body, frame, 3)).toBe(sealedSize(size))
      const header = sealedSize(size) - size - 33
      expect(server.openPart(frame, 3 + header, frame.length, opened, 2)).toBe(1)
      expect(Buffer.compare(opened.subarray(2), body)).toBe(0)
      expect(twin.openPart(frame, 3 + header, frame.length, opened, 2)).toBeLessThan(0)
    }
  })

  test('an incomplete record, and one that finds no room, is left for later', () => {
    const random = numbers(13)
    const { client, server } = pair(random)
    const records = packed(random, [40, 40, 300, 40])
    const frames = new Uint8Array(2000)

    for (let end = 0; end < 42; end++) expect(client.seal(records, 0, end, frames, 0)).toBe(0)
    expect(client.seal(records, 0, records.length, frames, frames.length - sealedSize(40))).toBe(1)
    expect([client.read, client.written]).toEqual([42, sealedSize(40)])
    expect(client.seal(records, 42, records.length, frames, frames.length - 2 * sealedSize(40))).toBe(1)

    const opened = new Uint8Array(42)
    const first = frames.subarray(frames.length - sealedSize(40))
    expect(server.open(first, 0, first.length, opened, 0)).toBe(1)
  })

  test('frames that come octet by octet are opened when they are whole', () => {
    const random = numbers(14)
    const { client, server } = pair(random)
    const records = packed(random, [3, 300, 0])
    const frames = new Uint8Array(600)
    client.seal(records, 0, records.length, frames, 0)
    const total = client.written
    const opened = new Uint8Array(records.length)

    let from = 0
    let to = 0
    for (let end = 0; end <= total; end++) {
      expect(server.open(frames, from, end, opened, to)).toBeGreaterThanOrEqual(0)
      from += server.read
      to += server.written
    }

    expect(from).toBe(total)
    expect(Buffer.compare(opened, records)).toBe(0)
  })

  test('a target that is full stops opening before the frame that does not fit', () => {
    const random = numbers(15)
    const { client, server } = pair(random)
    const records = packed(random, [50, 50])
    const frames = new Uint8Array(300)
    client.seal(records, 0, records.length, frames, 0)
    const opened = new Uint8Array(records.length)

    expect(server.open(frames, 0, client.written, opened.subarray(0, 60), 0)).toBe(1)
    const used = server.read
    expect(server.open(frames, used, client.written, opened, 52)).toBe(1)
    expect(Buffer.compare(opened, records)).toBe(0)
  })

  test('one wrong bit anywhere in a frame is found, and what came before it is not lost', () => {
    const random = numbers(16)
    for (const size of [0, 20, 64, 500, 140_000]) {
      const records = packed(random, [7, size])
      for (let tries = 0; tries < 30; tries++) {
        const { client, server } = pair(random)
        const frames = new Uint8Array(records.length + 100)
        client.seal(records, 0, records.length, frames, 0)
        // Past the first frame and the header of the second; the nonce may only be changed downwards, so it is left alone.
        const start = sealedSize(7) + (size < 223 ? 2 : 9)
        let at = start + random(client.written - start)
        if (at >= start + 8 && at < start + 16) at = start + 16
        frames[at]! ^= 1 << random(8)
        const opened = new Uint8Array(records.length).fill(0xee)

        const failure = at < start + 8 ? CIPHER_FAILURES.MALFORMED : CIPHER_FAILURES.TAG
        expect(server.open(frames, 0, client.written, opened, 0), `octet ${at}`).toBe(failure)
        expect([server.read, server.written]).toEqual([sealedSize(7), 9])
        expect(Buffer.compare(opened.subarray(0, 9), records.subarray(0, 9))).toBe(0)
        expect(opened.subarray(9).every(octet => octet === 0xee)).toBe(true)
      }
    }
  })

  test('a frame that comes twice is refused, and one that is left out is not missed', () => {
    const random = numbers(17)
    const { client, server } = pair(random)
    const frames = [0, 1, 2].map(() => {
      const frame = new Uint8Array(sealedSize(10))
      client.sealPart(0, randomOctets(random, 10), frame, 0)
      return frame
    })
    const opened = new Uint8Array(100)

    expect(server.open(frames[0]!, 0, 45, opened, 0)).toBe(1)
    expect(server.open(frames[0]!, 0, 45, opened, 0)).toBe(CIPHER_FAILURES.NONCE)
    expect(server.open(frames[2]!, 0, 45, opened, 0)).toBe(1)
    expect(server.open(frames[1]!, 0, 45, opened, 0)).toBe(CIPHER_FAILURES.NONCE)
  })

  test('what the peer has spent in the handshake is not accepted again', () => {
    const key = randomOctets(numbers(18), 32)
    const frame = new Uint8Array(45)
    suite.cipher(key, 'client', nonce(1)).sealPart(0, new Uint8Array(10), frame, 0)

    expect(suite.cipher(key, 'server', nonce(2)).open(frame, 0, 45, new Uint8Array(99), 0)).toBe(1)
    expect(suite.cipher(key, 'server', nonce(3)).open(frame, 0, 45, new Uint8Array(99), 0)).toBe(CIPHER_FAILURES.NONCE)
  })

  test('a counter goes on from 2^32 - 1 to 2^32', () => {
    const random = numbers(19)
    const key = randomOctets(random, 32)
    const server = suite.cipher(key, 'server', Uint8Array.of(0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff))
    const frame = new Uint8Array(45)
    suite.cipher(key, 'client', nonce(1)).sealPart(0, new Uint8Array(10), frame, 0)

    expect(server.open(frame, 0, 45, new Uint8Array(99), 0)).toBe(CIPHER_FAILURES.NONCE)
    frame.fill(0, 10, 18)
    frame[13] = 1
    // The next counter, but a tag for another.
    expect(server.open(frame, 0, 45, new Uint8Array(99), 0)).toBe(CIPHER_FAILURES.TAG)
  })

  test.each([
    ['is too short for a MESSAGE', Uint8Array.of(0, 32, ...new Uint8Array(32))],
    ['is empty', Uint8Array.of(0, 0)],
    ['has another name', Uint8Array.of(0, 33, ...new Uint8Array(33))],
  ])('a frame that %s is malformed', (_what, frame) => {
    const { server } = pair(numbers(20))

    expect(server.open(frame, 0, frame.length, new Uint8Array(99), 0)).toBe(CIPHER_FAILURES.MALFORMED)
  })

  test('a frame of 2^53 octets is waited for and nothing is allocated', () => {
    const { server } = pair(numbers(21))
    const header = Uint8Array.of(2, 0, 0x1f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3)

    expect(server.open(header, 0, header.length, new Uint8Array(99), 0)).toBe(0)
    expect(server.read).toBe(0)
  })

  test('MESSAGE is no command frame, whatever RFC 26 says, and one that is, is opened', () => {
    const { client, server } = pair(numbers(22))
    const frame = new Uint8Array(45)
    client.sealPart(4, new Uint8Array(10), frame, 0)

    expect(frame[0]).toBe(0)
    frame[0] = 4
    const opened = new Uint8Array(12)
    expect(server.open(frame, 0, 45, opened, 0)).toBe(1)
    expect([...opened.subarray(0, 2)]).toEqual([4, 10])
  })

  function pair(random: (below: number) => number): { client: Cipher; server: Cipher } {
    const key = randomOctets(random, 32)
    return { client: suite.cipher(key, 'client', nonce(1)), server: suite.cipher(key, 'server', nonce(2)) }
  }
})

// Seals and opens in two steps each, at places that are not the beginning of their buffers.
function through(from: Cipher, to: Cipher, records: Uint8Array, count: number): Uint8Array {
  const padded = new Uint8Array(records.length + 3)
  padded.set(records, 3)
  const frames = new Uint8Array(5 + records.length + 40 * count)
  expect(from.seal(padded, 3, padded.length, frames, 5)).toBe(count)
  expect(from.read).toBe(records.length)
  const end = 5 + from.written
  const opened = new Uint8Array(records.length + 1)
  const half = to.open(frames, 5, 5 + (from.written >> 1), opened, 1)
  const { read, written } = to
  expect(half + to.open(frames, 5 + read, end, opened, 1 + written)).toBe(count)
  return opened.subarray(1)
}
