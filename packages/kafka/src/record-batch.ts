import { compressionsAlgorithmsByBitmask } from '@platformatic/kafka'
import { MillraceError } from 'millrace/adapter'

/** A record as it was fetched. */
export interface InRecord {
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly (readonly [Buffer | null, Buffer | null])[]
}

/** Offset, length, leader epoch, magic and checksum, attributes, last delta, times, producer, sequence, count. */
const HEAD = 61
/** Of these the offset and the length are not counted by the length. */
const BEFORE = 12
const MAGIC = 2
const COMPRESSION = 0b111
const TRANSACTIONAL = 0b10000
const CONTROL = 0b100000
/** Bytes of the longest number: 64 bits. */
const LONGEST = 10
const ABSENT = -1

interface Algorithm {
  decompressSync(bytes: Buffer): Buffer
}

/**
 * A batch of a partition's log (the protocol guide's "Record Batch", magic 2). Its records are read in place, one after
 * the other: `next` goes to the next, and the fields below it tell of that one until `next` is called again.
 */
export class RecordBatch {
  /** Offsets of the first record, and of the last that the batch ever had. */
  readonly first: number
  readonly last: number
  readonly producerId: bigint
  /** How many records there are. */
  readonly count: number
  readonly #attributes: number
  readonly #begun: number
  #at = 0
  #left: number
  #headersAt = 0
  #headers = 0

  /** Uncompressed records. */
  readonly bytes: Buffer
  offset = 0
  /** ms since the epoch. */
  time = 0
  /** Where key and value begin and end in `bytes`; the beginning is -1 where there is none. */
  keyAt: number = ABSENT
  keyEnd = 0
  valueAt: number = ABSENT
  valueEnd = 0

  /** @throws UNSUPPORTED for batches of before Kafka 0.11, and the client's error for a compression that it does not know */
  constructor(bytes: Buffer, at: number, end: number) {
    if (bytes[at + 16] !== MAGIC)
      throw new MillraceError('UNSUPPORTED', 'kafka: records in the format of before Kafka 0.11 cannot be read')
    this.first = Number(bytes.readBigInt64BE(at))
    this.#attributes = bytes.readInt16BE(at + 21)
    this.last = this.first + bytes.readInt32BE(at + 23)
    this.#begun = Number(bytes.readBigInt64BE(at + 27))
    this.producerId = bytes.readBigInt64BE(at + 43)
    this.count = bytes.readInt32BE(at + 57)
    this.#left = this.count
    const records = bytes.subarray(at + HEAD, end)
    this.bytes = this.count === 0 ? records : unpacked(records, this.#attributes & COMPRESSION)
  }

  /** It has a marker of a transaction instead of messages. */
  get control(): boolean {
    return (this.#attributes & CONTROL) !== 0
  }

  get transactional(): boolean {
    return (this.#attributes & TRANSACTIONAL) !== 0
  }

  /** Records after the present one. */
  get left(): number {
    return this.#left
  }

  /** Bytes up to the end of the present record. */
  get read(): number {
    return this.#at
  }

  /**
   * Goes to the next record; false after the last. Record => length attributes timestampDelta offsetDelta keyLength key
   * valueLength value headersCount headers, all numbers but the attributes zigzag varints.
   * @throws UNDECODABLE where the bytes end too early
   */
  next(): boolean {
    if (this.#left <= 0) return false
    this.#left--
    const length = this.#number()
    const end = this.#at + length
    if (!(length > 0 && end <= this.bytes.length)) throw cut()
    this.#at++ // attributes: none are in use
    this.time = this.#begun + this.#number()
    this.offset = this.first + this.#number()
    const key = this.#number()
    this.keyAt = key < 0 ? ABSENT : this.#at
    this.#at = this.keyEnd = this.#at + Math.max(0, key)
    const value = this.#number()
    this.valueAt = value < 0 ? ABSENT : this.#at
    this.#at = this.valueEnd = this.#at + Math.max(0, value)
    this.#headers = this.#number()
    this.#headersAt = this.#at
    if (this.#at > end) throw cut()
    this.#at = end
    return true
  }

  /** The text of the one header that there is, where it has that name and is plain ASCII; else undefined. */
  onlyHeader(name: Buffer): string | undefined {
    if (this.#headers !== 1) return undefined
    const { bytes } = this
    let at = this.#headersAt
    // Both lengths fit into one byte, or it is another header.
    if (bytes[at++] !== name.length << 1) return undefined
    for (let i = 0; i < name.length; i++) if (bytes[at++] !== name[i]) return undefined
    const length = bytes[at++] ?? 0
    if (length > 126 || (length & 1) !== 0) return undefined
    return this.ascii(at, at + (length >> 1))
  }

  /** Names and values of all headers by turns, where all are plain ASCII; else undefined. @throws UNDECODABLE where they are none */
  asciiHeaders(): readonly string[] | undefined {
    const after = this.#at
    const texts: string[] = []
    this.#at = this.#headersAt
    try {
      for (let left = this.#headers * 2; left > 0; left--) {
        const length = this.#number()
        if (length < 0) return undefined
        const from = this.#at
        this.#at += length
        if (this.#at > after) throw cut()
        const text = this.ascii(from, this.#at)
        if (text === undefined) return undefined
        texts.push(text)
      }
      return texts
    } finally {
      this.#at = after
    }
  }

  /** The bytes as text, where they are ASCII without NUL; else undefined. */
  ascii(from: number, to: number): string | undefined {
    const { bytes } = this
    for (let i = from; i < to; i++) if (((bytes[i] ?? 0) - 1) >>> 0 >= 0x7f) return undefined
    return bytes.toString('latin1', from, to)
  }

  /** The present record, views of its bytes. @throws UNDECODABLE where its headers are none */
  record(): InRecord {
    const { bytes } = this
    const after = this.#at
    const headers: [Buffer | null, Buffer | null][] = []
    this.#at = this.#headersAt
    try {
      for (let left = this.#headers; left > 0; left--) headers.push([this.#bytes(after), this.#bytes(after)])
    } finally {
      this.#at = after
    }
    return {
      key: this.keyAt === ABSENT ? null : bytes.subarray(this.keyAt, this.keyEnd),
      value: this.valueAt === ABSENT ? null : bytes.subarray(this.valueAt, this.valueEnd),
      headers,
    }
  }

  #bytes(end: number): Buffer | null {
    const length = this.#number()
    if (length < 0) return null
    const from = this.#at
    this.#at += length
    if (this.#at > end) throw cut()
    return this.bytes.subarray(from, this.#at)
  }

  /** Seven bits to a byte, the lowest first, zigzag. Times beyond 2^53 are not exact. */
  #number(): number {
    const { bytes } = this
    const first = bytes[this.#at++] ?? ABSENT
    if (first < 0x80) {
      if (first < 0) throw cut()
      return (first >>> 1) ^ -(first & 1)
    }
    const second = bytes[this.#at++] ?? ABSENT
    let value = (first & 0x7f) | ((second & 0x7f) << 7)
    if (second < 0x80) {
      if (second < 0) throw cut()
      return (value >>> 1) ^ -(value & 1)
    }
    let scale = 1 << 14
    for (let read = 2; ; read++) {
      const byte = bytes[this.#at++]
      if (byte === undefined || read === LONGEST) throw cut()
      value += (byte & 0x7f) * scale
      scale *= 128
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2
    }
  }
}

/** All whole batches that a fetch brought for a partition; the last may be cut off. */
export function batchesIn(bytes: Buffer): RecordBatch[] {
  const batches: RecordBatch[] = []
  for (let at = 0; at + HEAD <= bytes.length;) {
    const end = at + BEFORE + bytes.readInt32BE(at + 8)
    if (end > bytes.length || end < at + HEAD) break
    batches.push(new RecordBatch(bytes, at, end))
    at = end
  }
  return batches
}

function unpacked(bytes: Buffer, compression: number): Buffer {
  if (compression === 0) return bytes
  const algorithms = compressionsAlgorithmsByBitmask as Readonly<Record<number, Algorithm | undefined>>
  const algorithm = algorithms[compression]
  if (!algorithm) throw new MillraceError('UNSUPPORTED', `kafka: compression ${compression} is not known`)
  return algorithm.decompressSync(bytes)
}

function cut(): MillraceError {
  return new MillraceError('UNDECODABLE', 'kafka: a batch of records ends too early')
}
