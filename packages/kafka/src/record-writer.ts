import { eachHeader } from './encode.ts'
import type { RecordStamp, Wire } from './encode.ts'
import type { Message } from 'millrace'

/** What a record is beside its message. */
export interface Around {
  /** How many come before it. */
  readonly delta: number
  /** ms since the first of them; may be less than 0. */
  readonly late: number
  readonly key: Buffer | undefined
  readonly stamp: RecordStamp
  readonly wire: Wire
}

/** Bytes of a record beside key, value and headers, at most. */
const FRAME = 64
/** Characters up to which text is written one by one where it is ASCII: a call into the runtime costs more. */
const SHORT = 63

/** Writes records one behind the other, as they stand in a batch, behind `head` bytes that it leaves alone. */
export class RecordWriter {
  #bytes: Buffer
  #at: number

  /** Into that memory; into other where it does not suffice. */
  constructor(head: number, memory: Buffer) {
    this.#bytes = memory
    this.#at = head
  }

  /** What is written, the head before it. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#at)
  }

  /**
   * Record => length attributes timestampDelta offsetDelta keyLength key valueLength value headersCount headers, all
   * numbers but the attributes zigzag varints.
   */
  record(message: Message, { delta, late, key, stamp, wire }: Around): void {
    const { payload, tombstone } = message
    this.#reserve(FRAME + (key?.length ?? 0) + payload.length)
    const start = this.#at
    this.#at += 2 // most lengths take two bytes
    this.#bytes[this.#at++] = 0
    this.#number(late)
    this.#number(delta)
    this.#sized(key)
    this.#sized(tombstone ? undefined : payload)
    const count = this.#at++
    const headers = eachHeader(message, stamp, wire, this)
    if (headers > SHORT) this.#widen(count, 1, headers)
    else this.#bytes[count] = headers << 1
    const length = this.#at - start - 2
    if (length < 0x40 || length >= 0x2000) {
      this.#widen(start, 2, length)
      return
    }
    this.#bytes[start] = ((length << 1) & 0x7f) | 0x80
    this.#bytes[start + 1] = length >> 6
  }

  /** For `eachHeader`. */
  header(name: Buffer | string, value: string): void {
    this.#reserve(FRAME + (name.length + value.length) * 3)
    if (typeof name === 'string') this.#text(name)
    else {
      this.#number(name.length)
      for (let i = 0; i < name.length; i++) this.#bytes[this.#at++] = name[i]! // i < length
    }
    this.#text(value)
  }

  #text(text: string): void {
    const { length } = text
    if (length <= SHORT) {
      const bytes = this.#bytes
      const from = this.#at + 1
      let i = 0
      for (; i < length; i++) {
        const code = text.charCodeAt(i)
        if (code > 0x7f) break
        bytes[from + i] = code
      }
      if (i === length) {
        bytes[this.#at] = length << 1
        this.#at = from + length
        return
      }
    }
    this.#number(Buffer.byteLength(text))
    this.#at += this.#bytes.write(text, this.#at)
  }

  #sized(bytes: Uint8Array | undefined): void {
    if (bytes === undefined) {
      this.#number(-1)
      return
    }
    this.#number(bytes.length)
    this.#bytes.set(bytes, this.#at)
    this.#at += bytes.length
  }

  #number(value: number): void {
    let left = value < 0 ? -2 * value - 1 : 2 * value
    for (; left >= 0x80; left = Math.floor(left / 0x80)) this.#bytes[this.#at++] = (left % 0x80) | 0x80
    this.#bytes[this.#at++] = left
  }

  /** Writes a number where so many bytes were left for it, and moves what stands behind. */
  #widen(at: number, left: number, value: number): void {
    const end = this.#at
    this.#reserve(FRAME)
    this.#number(value)
    const number = Buffer.from(this.#bytes.subarray(end, this.#at))
    this.#bytes.copyWithin(at + number.length, at + left, end)
    this.#bytes.set(number, at)
    this.#at = end + number.length - left
  }

  #reserve(more: number): void {
    if (this.#at + more <= this.#bytes.length) return
    const grown = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#at + more))
    grown.set(this.#bytes.subarray(0, this.#at))
    this.#bytes = grown
  }
}
