import type { Cipher } from '../cipher/cipher.ts'
import { MESSAGE_OVERHEAD } from '../cipher/cipher.ts'
import { DIRECT_BODY } from './read-buffer.ts'
import { LARGE_SLAB, type SlabPool } from '../pipe/slab.ts'
import { FrameHeader, LONGEST_HEADER, MORE, writeHeader } from '../wire/frame.ts'
import type { Framing } from './outlet.ts'
import type { Limits, Records, Scanner } from './scanner.ts'

/** 'records': `records` has more to scan; the others as `Scanned`. */
export type Unframed = 'records' | 'more' | 'body' | 'failed'

/** Turns a connection's octets into packed records where they are not that already: CURVE and ZMTP 1.0. */
export interface Unframer {
  readonly records: Records
  readonly wanted: number
  readonly failure: string
  /** After 'body': where the body begins in the octets that were read, and its size. */
  readonly body: { readonly from: number; readonly size: number }
  /** Unframes what `read` has, once `records` have been scanned. */
  next(read: Records): Unframed
  /** Takes a body that was read directly, and queues it through the scanner. */
  complete(body: Buffer, scanner: Scanner): void
  close(): void
}

/** The unframer for a framing; undefined where the octets are packed records. */
export function createUnframer(
  framing: Framing,
  cipher: Cipher | undefined,
  options: { limits: Limits; slabs: SlabPool; chunk: number },
): Unframer | undefined {
  if (framing === 'raw') return new ChunkUnframer(options.slabs, options.chunk)
  if (framing === 'sealed') return new FrameUnframer(options, cipher)
  if (framing === 'one') return new FrameUnframer(options, undefined)
  return undefined
}

/** STREAM: each stretch of what was read becomes a message. */
class ChunkUnframer implements Unframer {
  readonly records: Records = { slab: undefined, at: 0, end: 0 }
  readonly wanted = 0
  readonly failure = ''
  readonly body: { from: number; size: number } = { from: 0, size: 0 }
  readonly #slabs: SlabPool
  readonly #chunk: number

  constructor(slabs: SlabPool, chunk: number) {
    this.#slabs = slabs
    this.#chunk = chunk
  }

  next(read: Records): Unframed {
    this.close()
    const source = read.slab?.bytes
    if (source === undefined || read.at === read.end) return 'more'
    const size = Math.min(read.end - read.at, this.#chunk)
    const slab = this.#slabs.take(size + LONGEST_HEADER)
    const from = writeHeader(slab.bytes, 0, 0, size)
    source.copy(slab.bytes, from, read.at, read.at + size)
    read.at += size
    this.records.slab = slab
    this.records.at = 0
    this.records.end = from + size
    return 'records'
  }

  complete(): void {
    // Never: no body is asked for.
  }

  close(): void {
    this.records.slab?.release()
    this.records.slab = undefined
  }
}

/** One class for both: only how whole frames and large bodies are converted differs. */
class FrameUnframer implements Unframer {
  readonly records: Records = { slab: undefined, at: 0, end: 0 }
  wanted = 0
  failure = ''
  readonly body: { from: number; size: number } = { from: 0, size: 0 }
  readonly #limits: Limits
  readonly #slabs: SlabPool
  readonly #cipher: Cipher | undefined
  readonly #header = new FrameHeader()
  #bodyFlags = 0

  constructor(options: { limits: Limits; slabs: SlabPool }, cipher: Cipher | undefined) {
    this.#limits = options.limits
    this.#slabs = options.slabs
    this.#cipher = cipher
  }

  next(read: Records): Unframed {
    const source = read.slab?.bytes
    if (source === undefined || read.at === read.end) {
      this.#rest()
      this.wanted = 0
      return 'more'
    }
    const whole = this.#wholeFrames(source, read)
    if (whole > read.at) {
      // What came before a frame that is wrong is delivered; the next call finds that frame again.
      this.failure = ''
      this.#rest()
      // Records are never longer than the frames they came in.
      const slab = this.#slabs.take(Math.min(whole - read.at, LARGE_SLAB))
      this.records.slab = slab
      this.records.at = 0
      const used =
        this.#cipher === undefined
          ? this.#copy(source, read.at, whole, slab.bytes)
          : this.#open(source, read.at, whole, slab.bytes)
      if (this.failure !== '') {
        if (this.records.end === 0) return 'failed'
        this.failure = ''
      }
      read.at += used
      return 'records'
    }
    if (this.failure !== '') return 'failed'
    const header = this.#header
    if (this.wanted === 0) return 'more' // the header is not complete
    if (header.size < DIRECT_BODY) return 'more'
    this.body.from = read.at + header.length
    this.body.size = header.size
    this.#bodyFlags = header.flags
    return 'body'
  }

  complete(body: Buffer, scanner: Scanner): void {
    let flags = this.#bodyFlags
    let plain = body
    if (this.#cipher !== undefined) {
      plain = this.#slabs.bodies.take(Math.max(0, body.length - MESSAGE_OVERHEAD))
      flags = this.#cipher.openPart(body, 0, body.length, plain, 0)
      if (flags < 0) return this.#fail()
    }
    const slab = this.#slabs.take(LONGEST_HEADER)
    const from = writeHeader(slab.bytes, 0, flags & MORE, Math.max(plain.length, 256))
    if (plain.length < 256) {
      slab.bytes.writeUInt32BE(plain.length, 5)
    }
    scanner.complete(slab, 0, from, flags, plain)
    slab.release()
  }

  close(): void {
    this.records.at = this.records.end
    this.#rest()
  }

  #rest(): void {
    this.records.slab?.release()
    this.records.slab = undefined
    this.records.at = this.records.end = 0
  }

  /** The end of the whole frames that are there; sets `wanted` for the first that is not, and `failure`. */
  #wholeFrames(source: Buffer, read: Records): number {
    const header = this.#header
    let at = read.at
    this.wanted = 0
    for (;;) {
      const there =
        this.#cipher === undefined ? header.readOne(source, at, read.end) : header.read(source, at, read.end)
      if (!there) return at
      if (header.size < 0) this.failure = 'the peer sent a frame without flags'
      if (header.size > this.#limits.frame) {
        this.failure = `the peer sent a frame of ${header.size} octets, more than MAXMSGSIZE allows`
      }
      if (this.failure !== '') return at
      const next = at + header.length + header.size
      if (next > read.end) {
        this.wanted = next - read.end
        return at
      }
      at = next
      if (at - read.at >= LARGE_SLAB / 2) return at
    }
  }

  #open(source: Buffer, at: number, end: number, target: Buffer): number {
    const cipher = this.#cipher! // its caller has looked
    if (cipher.open(source, at, end, target, 0) < 0 || cipher.read === 0) this.#fail()
    this.records.end = cipher.written
    return cipher.read
  }

  #copy(source: Buffer, start: number, end: number, target: Buffer): number {
    const header = this.#header
    let to = 0
    for (let at = start; at < end;) {
      header.readOne(source, at, end)
      const from = at + header.length
      at = from + header.size
      to = writeHeader(target, to, header.flags, header.size)
      to += source.copy(target, to, from, at)
    }
    this.records.end = to
    return end - start
  }

  #fail(): void {
    this.failure = 'the peer sent a frame that is not a MESSAGE sealed for this connection'
  }
}
