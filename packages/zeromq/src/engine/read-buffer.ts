import { LARGE_SLAB, type Slab, type SlabPool } from '../pipe/slab.ts'

/**
 * Where a connection's octets are read into: `[at, end)` of the slab are read and not yet understood.
 *
 * A connection that is quiet owns no memory: it reads into `scratch`, which all connections of a context share, and what came is
 * copied once. One that receives more than a little at a time gets slabs of its own, in which messages stay where they were read.
 * A large body is read straight into the buffer that the application will own.
 */
export class ReadBuffer {
  slab: Slab | undefined
  at = 0
  end = 0
  /** The body being read directly, and how much of it is there; undefined: none. */
  body: Buffer | undefined
  bodyAt = 0
  #bodySize = 0
  #streaming = false
  /** Reads until frames are taken for small again. */
  #larger = 0
  /** Where the next read goes while what was read before waits to be understood. */
  #ahead: Slab | undefined
  readonly #slabs: SlabPool
  readonly #scratch: Uint8Array

  constructor(slabs: SlabPool, scratch: Uint8Array) {
    this.#slabs = slabs
    this.#scratch = scratch
  }

  /**
   * Where to read to next; `wanted` is how many octets would complete what is there. `parked`: what is there is whole messages for
   * the most part, which will be understood before anything is read.
   */
  space(wanted: number, parked: boolean = false): Uint8Array {
    if (this.body !== undefined) return this.body.subarray(this.bodyAt, this.bodyAt + LARGEST_READ)
    const kept = this.end - this.at
    if (kept === 0 && !this.#streaming) {
      this.rest()
      return this.#scratch
    }
    const least = this.#streaming ? Math.max(wanted, STREAMING_READ) : Math.max(wanted, QUIET_READ)
    if (wanted > SMALL_FRAME) this.#larger = SEEN_LARGER
    else if (this.#larger > 0) this.#larger--
    const most = this.#larger > 0 ? LARGE_SLAB : SMALL_FRAMES_READ
    let slab = this.slab
    if (slab !== undefined && kept === 0 && slab.uses === 1) this.at = this.end = 0
    if (slab === undefined || slab.bytes.length - this.end < least) {
      if (parked && this.#streaming) {
        this.#ahead ??= this.#slabs.take(LARGE_SLAB)
        return this.#ahead.bytes.subarray(AHEAD_OF_READ, AHEAD_OF_READ + most)
      }
      slab = this.#move(kept, least)
    }
    return slab.bytes.subarray(this.end, this.end + Math.max(most, least))
  }

  /** `size` octets have been read into what `space` gave, which was not the body. */
  filled(size: number): void {
    if (this.#ahead !== undefined) this.#join(this.#ahead, size)
    else if (this.slab === undefined) this.#copy(this.#scratch, size)
    else this.end += size
    this.#streaming = size >= STREAMING_READ
  }

  /** Adds octets that lie elsewhere. */
  push(chunk: Uint8Array): void {
    if (this.slab === undefined || this.slab.bytes.length - this.end < chunk.length) {
      this.#move(this.end - this.at, chunk.length)
    }
    this.slab!.bytes.set(chunk, this.end) // #move has made room
    this.end += chunk.length
  }

  /** Begins to read a body of `size` octets directly; what of it is there, from `from` on, is taken over. */
  beginBody(from: number, size: number): void {
    const body = this.#slabs.bodies.take(Math.min(size, TRUSTED_BODY))
    const slab = this.slab! // there is a header in it
    this.bodyAt = slab.bytes.copy(body, 0, from, this.end)
    this.body = body
    this.#bodySize = size
    this.at = this.end = from
  }

  /** `size` octets were read into the body. Answers the body when it is complete. */
  filledBody(size: number): Buffer | undefined {
    let body = this.body! // only called while there is one
    this.bodyAt += size
    if (this.bodyAt < body.length) return undefined
    if (body.length === this.#bodySize) {
      this.body = undefined
      return body
    }
    // A peer is believed about a large size only as far as it has delivered.
    const larger = this.#slabs.bodies.take(Math.min(this.#bodySize, body.length * 2))
    body.copy(larger)
    this.body = body = larger
    return undefined
  }

  /** Gives the slab back when nothing unread is in it. */
  rest(): void {
    if (this.at < this.end) return
    this.slab?.release()
    this.slab = undefined
    this.at = this.end = 0
  }

  /** Gives everything up. The slab is for nobody else: an ended link may go on to read into the space that it was given. */
  close(): void {
    this.at = this.end = 0
    this.body = undefined
    this.slab = this.#ahead = undefined
  }

  /** `size` octets were read into the slab ahead: what was left of the one before it comes before them. */
  #join(ahead: Slab, size: number): void {
    const from = this.at
    const kept = this.end - from
    const before = this.slab
    this.#ahead = undefined
    this.at = AHEAD_OF_READ - kept
    this.end = AHEAD_OF_READ + size
    this.slab = ahead
    if (kept > AHEAD_OF_READ) {
      // The beginning of a frame that is larger than what is set aside for it.
      this.slab = this.#slabs.take(kept + size)
      ahead.bytes.copy(this.slab.bytes, kept, AHEAD_OF_READ, AHEAD_OF_READ + size)
      ahead.release()
      this.at = 0
      this.end = kept + size
    }
    before?.bytes.copy(this.slab.bytes, this.at, from, from + kept)
    before?.release()
  }

  #copy(from: Uint8Array, size: number): void {
    const slab = this.#slabs.take(size)
    slab.bytes.set(size === from.length ? from : from.subarray(0, size))
    this.slab = slab
    this.at = 0
    this.end = size
  }

  #move(kept: number, least: number): Slab {
    const slab = this.#slabs.take(Math.max(kept + least, this.#streaming ? LARGE_SLAB : 0))
    if (kept > 0) this.slab!.bytes.copy(slab.bytes, 0, this.at, this.end) // octets are kept in it
    this.slab?.release()
    this.slab = slab
    this.at = 0
    this.end = kept
    return slab
  }
}

/** A body of this size and more is read straight into a buffer of its own. */
export const DIRECT_BODY: number = 32 * 1024
/** The most that one read of a large body takes, so that other connections get their turn. */
const LARGEST_READ = 256 * 1024
/** A read of this size shows a busy connection; also the least room that such a connection reads into. */
const STREAMING_READ = 16 * 1024
const QUIET_READ = 512
/** The most that one read takes of small frames: the messages that are made of it, and what they leave, stay in the cache. */
const SMALL_FRAMES_READ = 64 * 1024
/** A frame that was cut off and lacks more than this shows larger ones, of which a read takes what there is room for. */
const SMALL_FRAME = 256
/** For so many reads: of larger frames, too, some are cut off near their end. */
const SEEN_LARGER = 8
/** What is left free before a read that begins before all of the last one is understood: room for the beginning of a frame. */
const AHEAD_OF_READ = 16 * 1024
/** Up to here a body's memory is set aside at the word of the peer; it costs nothing before octets come. */
const TRUSTED_BODY = 8 * 1024 * 1024
