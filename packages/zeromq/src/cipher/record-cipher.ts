import { CIPHER_FAILURES, MESSAGE_OVERHEAD, type Cipher } from './cipher.ts'

/**
 * The box of one direction of a connection, key and nonce prefix fixed: what a library has to offer for `RecordCipher`.
 * The nonce's counter comes as two words of its big-endian octets, the higher first.
 */
export interface DirectionBox {
  /** The box of the octet `head` and `source[start, end)`, into `target` from `offset`. */
  seal(
    high: number,
    low: number,
    head: number,
    source: Uint8Array,
    start: number,
    end: number,
    target: Uint8Array,
    offset: number,
  ): void
  /** Opens `source[start, end)`; answers the head, or -1 where the tag is wrong, and puts what follows the head into `target`. */
  open(
    high: number,
    low: number,
    source: Uint8Array,
    start: number,
    end: number,
    target: Uint8Array,
    offset: number,
  ): number
  wipe(): void
}

/** A `Cipher` over any box: it reads and writes the records and frames itself, one by one. */
export class RecordCipher implements Cipher {
  read = 0
  written = 0
  readonly #outward: DirectionBox
  readonly #inward: DirectionBox
  #outHigh = 0
  #outLow: number
  #inHigh: number
  #inLow: number

  constructor(outward: DirectionBox, inward: DirectionBox, side: 'client' | 'server', peerNonce: Uint8Array) {
    this.#outward = outward
    this.#inward = inward
    this.#outLow = FIRST_NONCE[side]
    this.#inHigh = wordAt(peerNonce, 0)
    this.#inLow = wordAt(peerNonce, 4)
    this.#spend()
  }

  seal(source: Uint8Array, start: number, end: number, target: Uint8Array, offset: number): number {
    let count = 0
    let from = start
    let to = offset
    while (end - from >= 2) {
      const flags = source[from]!
      const header = (flags & 2) === 0 ? 2 : 9
      if (end - from < header) break
      const size = header === 2 ? source[from + 1]! : sizeAt(source, from + 1)
      if (size > end - from - header) break
      const body = size + MESSAGE_OVERHEAD
      if (body + (body < 256 ? 2 : 9) > target.length - to) break
      from += header
      to += this.#sealOne(flags, source, from, from + size, target, to)
      from += size
      count++
    }
    this.read = from - start
    this.written = to - offset
    return count
  }

  open(source: Uint8Array, start: number, end: number, target: Uint8Array, offset: number): number {
    let count = 0
    let from = start
    let to = offset
    let failure = 0
    while (end - from >= 2) {
      const header = (source[from]! & 2) === 0 ? 2 : 9
      if (end - from < header) break
      const body = header === 2 ? source[from + 1]! : sizeAt(source, from + 1)
      if (body < MESSAGE_OVERHEAD) {
        failure = CIPHER_FAILURES.MALFORMED
        break
      }
      if (body > end - from - header) break
      const size = body - MESSAGE_OVERHEAD
      const recordHeader = size < 256 ? 2 : 9
      if (recordHeader + size > target.length - to) break
      const flags = this.openPart(source, from + header, from + header + body, target, to + recordHeader)
      if (flags < 0) {
        failure = flags
        break
      }
      writeRecordHeader(target, to, flags, size)
      from += header + body
      to += recordHeader + size
      count++
    }
    this.read = from - start
    this.written = to - offset
    return failure < 0 ? failure : count
  }

  sealPart(flags: number, body: Uint8Array, target: Uint8Array, offset: number): number {
    return this.#sealOne(flags, body, 0, body.length, target, offset)
  }

  openPart(source: Uint8Array, start: number, end: number, target: Uint8Array, offset: number): number {
    if (end - start < MESSAGE_OVERHEAD) return CIPHER_FAILURES.MALFORMED
    for (let i = 0; i < 8; i++) if (source[start + i] !== NAME[i]) return CIPHER_FAILURES.MALFORMED
    const high = wordAt(source, start + 8)
    const low = wordAt(source, start + 12)
    if (high < this.#inHigh || (high === this.#inHigh && low < this.#inLow)) return CIPHER_FAILURES.NONCE
    const inner = this.#inward.open(high, low, source, start + 16, end, target, offset)
    if (inner < 0) return CIPHER_FAILURES.TAG
    this.#inHigh = high
    this.#inLow = low
    this.#spend()
    return (inner & 1) | ((inner & 2) << 1)
  }

  wipe(): void {
    this.#outward.wipe()
    this.#inward.wipe()
  }

  // Whatever comes next has to be above what came.
  #spend(): void {
    if (++this.#inLow > LAST_WORD) {
      this.#inLow = 0
      this.#inHigh++
    }
  }

  #sealOne(flags: number, source: Uint8Array, start: number, end: number, target: Uint8Array, offset: number): number {
    const body = end - start + MESSAGE_OVERHEAD
    const header = body < 256 ? 2 : 9
    // Not a COMMAND frame, whatever RFC 26 says: libzmq would take every message for a command.
    writeRecordHeader(target, offset, 0, body)
    let to = offset + header
    for (let i = 0; i < 8; i++) target[to + i] = NAME[i]!
    writeWord(target, to + 8, this.#outHigh)
    writeWord(target, to + 12, this.#outLow)
    to += 16
    this.#outward.seal(this.#outHigh, this.#outLow, (flags & 1) | ((flags & 4) >> 1), source, start, end, target, to)
    if (++this.#outLow > LAST_WORD) {
      this.#outLow = 0
      this.#outHigh++
    }
    return header + body
  }
}

/** The counter of the first MESSAGE: a client has spent 1 on HELLO and 2 on INITIATE, a server 1 on READY. */
export const FIRST_NONCE = { client: 3, server: 2 } as const

/** What the nonces of MESSAGE begin with, 16 octets. */
export const MESSAGE_PREFIX: Readonly<Record<'client' | 'server', string>> = {
  client: 'CurveZMQMESSAGEC',
  server: 'CurveZMQMESSAGES',
}

const LAST_WORD = 0xffff_ffff
const NAME = [7, 0x4d, 0x45, 0x53, 0x53, 0x41, 0x47, 0x45] as const

function writeRecordHeader(target: Uint8Array, offset: number, flags: number, size: number): void {
  if (size < 256) {
    target[offset] = flags
    target[offset + 1] = size
    return
  }
  target[offset] = flags | 2
  writeWord(target, offset + 1, Math.floor(size / 2 ** 32))
  writeWord(target, offset + 5, size)
}

function sizeAt(source: Uint8Array, offset: number): number {
  return wordAt(source, offset) * 2 ** 32 + wordAt(source, offset + 4)
}

function wordAt(source: Uint8Array, offset: number): number {
  return source[offset]! * 0x100_0000 + ((source[offset + 1]! << 16) | (source[offset + 2]! << 8) | source[offset + 3]!)
}

function writeWord(target: Uint8Array, offset: number, word: number): void {
  target[offset] = word >>> 24
  target[offset + 1] = word >>> 16
  target[offset + 2] = word >>> 8
  target[offset + 3] = word
}
