import type { Duplex, Writable } from 'node:stream'
import type { Channel } from 'amqplib'
import { Slab } from 'millrace/adapter'
import type { Due } from 'millrace/adapter'
import { ACK_SIZE, AROUND, boundOf, writeAck, writePublish } from './frames.ts'
import type { PublishFields } from './frames.ts'

/** What is the client's own, and no part of its types. */
interface Inner {
  readonly ch?: number
  readonly connection?: {
    readonly stream?: Writable
    readonly frameMax?: number
    readonly channels?: readonly ({ readonly channel: unknown; readonly buffer: Duplex } | null | undefined)[]
    sentSinceLastCheck?: boolean
  }
}

/** Bytes that are gathered at most: the server is to have something to do meanwhile. */
const GATHERED = 16 * 1024
/** Bytes that wait in the connection before it is full. */
const BACKLOG = 1024 * 1024
/** Larger messages are the client's: what a message costs there is little beside its bytes. */
const LARGEST = 8 * 1024
/** Larger frames are the client's, whatever they are made of. */
const LARGEST_FRAME = 64 * 1024

/**
 * Writes a channel's publishes and acknowledgements to the connection's socket, many frames in one piece. The client
 * writes each by itself, through a stream of the channel's and at the next turn of the event loop. What cannot be
 * written here is the client's to write; the order of the two is kept: nothing is written here while the channel has
 * something of the client's to write.
 */
export class FrameWriter {
  readonly #channel: Channel
  readonly #inner: Inner
  readonly #number: number
  readonly #largest: number
  readonly #slab = new Slab(bytes => this.#write(bytes), GATHERED)

  constructor(channel: Channel) {
    this.#channel = channel
    this.#inner = channel as unknown as Inner
    this.#number = this.#inner.ch ?? 0
    this.#largest = Math.min(LARGEST, (this.#inner.connection?.frameMax ?? 0) - AROUND)
  }

  /** Whether the connection has so much to write that what can wait is to. */
  get full(): boolean {
    return (this.#stream?.writableLength ?? 0) > BACKLOG
  }

  /** Calls back once when the connection has written all. */
  onceDrained(listener: () => void): void {
    this.#stream?.once('drain', listener)
  }

  /** False, and nothing is written, where it is for the client to write. What was written before is on its way then. */
  publish(fields: PublishFields): boolean {
    const bound = fields.payload.length <= this.#largest && this.clear ? boundOf(fields) : undefined
    const slab = this.#slab
    if (bound === undefined || bound > LARGEST_FRAME) {
      slab.flush()
      return false
    }
    slab.room(bound)
    slab.at = writePublish(slab.bytes, slab.at, this.#number, fields)
    return true
  }

  /** The same of an acknowledgement. */
  acknowledge(tag: number, multiple: boolean): boolean {
    const slab = this.#slab
    if (!this.clear) {
      slab.flush()
      return false
    }
    slab.room(ACK_SIZE)
    slab.at = writeAck(slab.bytes, slab.at, this.#number, tag, multiple)
    return true
  }

  /** Writes what is gathered: 'soon' when the running code has returned, 'turn' at the end of the event loop's turn. */
  due(when: Due): void {
    this.#slab.due(when)
  }

  /** Writes what is gathered. */
  flush(): void {
    this.#slab.flush()
  }

  get #stream(): Writable | undefined {
    return this.#inner.connection?.stream
  }

  /** The channel is open: the client puts another method where one must not send any more. */
  get #stands(): boolean {
    const own = this.#inner.connection?.channels?.[this.#number]
    return own?.channel === this.#channel && !Object.hasOwn(this.#channel, 'sendImmediately')
  }

  /** It is open, and all that the client was given to write on it is written. */
  get clear(): boolean {
    if (!this.#stands) return false
    const buffer = this.#inner.connection?.channels?.[this.#number]?.buffer
    return buffer?.readableLength === 0 && buffer.writableLength === 0
  }

  /** What is left when the channel has ended is nobody's. */
  #write(bytes: Buffer): void {
    const { connection } = this.#inner
    if (!connection || !this.#stands) return
    connection.sentSinceLastCheck = true // no heartbeat is needed
    connection.stream?.write(bytes)
  }
}
