import { Socket, type OnReadOpts } from 'node:net'
import type { Link, Receiver } from './transport.ts'

/** How a link's octets are read: straight into the receiver's memory where the platform allows it, or by 'data' events. */
export type Reads = 'direct' | 'data'

/**
 * Whether memory that several connections share may be read into. On Windows reads are posted with their memory ahead of
 * time; Bun and Deno have no such reads, nor the synchronous completion of writes that goes with them.
 */
export function directReads(): boolean {
  return process.platform !== 'win32' && process.versions['bun'] === undefined && process.versions['deno'] === undefined
}

/** Milliseconds that an ended connection waits for the peer to end its side. */
const FAREWELL = 1000

/** A connection over a stream socket: tcp and ipc. */
export class StreamLink implements Link {
  readonly peerAddress: string
  readonly local: string
  readonly remote: string
  readonly #socket: Socket
  readonly #reads: DirectReads | undefined
  #receiver: Receiver | undefined
  #writing = false
  #paused = false
  /** The connection is closed, and the receiver is not to know before it has gone on reading. */
  #over = false
  #gone = false

  constructor(
    socket: Socket,
    reads: DirectReads | undefined,
    ends: { peerAddress: string; local: string; remote: string },
  ) {
    this.#socket = socket
    this.#reads = reads
    this.peerAddress = ends.peerAddress
    this.local = ends.local
    this.remote = ends.remote
  }

  get fd(): number {
    return (this.#socket as unknown as { _handle?: { fd?: number } })._handle?.fd ?? -1
  }

  start(receiver: Receiver): void {
    this.#receiver = receiver
    const socket = this.#socket
    if (this.#reads !== undefined) socket.on('drain', () => this.#drained())
    let failure: NodeJS.ErrnoException | undefined
    socket.on('error', error => (failure = error))
    socket.on('close', () => {
      // A pause holds back 'data', not the end of it: what the receiver has yet to take comes first.
      if (this.#paused && !this.#writing && failure === undefined) this.#over = true
      else this.#closed(failure)
    })
    if (this.#reads === undefined) {
      socket.on('data', (chunk: Buffer) => {
        if (this.#receiver?.push(chunk) === false) this.#pause()
      })
    } else {
      this.#reads.receiver = receiver
    }
    socket.resume()
  }

  write(chunks: readonly Uint8Array[]): boolean {
    const socket = this.#socket
    const last = chunks.length - 1
    if (last > 0) socket.cork()
    for (let i = 0; i < last; i++) socket.write(chunks[i]!)
    // Only a socket that was made for direct reads has the write buffer whose 'drain' can be relied on.
    if (this.#reads === undefined) socket.write(chunks[last]!, this.#flushed)
    else socket.write(chunks[last]!)
    if (last > 0) socket.uncork()
    // With direct reads this is Node's own socket: a length of 0 means that the kernel has taken it all.
    if (this.#reads !== undefined && socket.writableLength === 0) return true
    this.#writing = true
    return false
  }

  resume(): void {
    if (this.#reads === undefined) {
      if (!this.#paused) return
      this.#paused = false
      if (this.#over) return this.#closed(undefined)
    }
    this.#socket.resume()
  }

  end(): void {
    if (this.#gone) return
    this.#silence()
    const socket = this.#socket
    socket.end()
    socket.resume()
    socket.unref()
    const timer = setTimeout(() => socket.destroy(), FAREWELL)
    timer.unref()
    socket.once('close', () => clearTimeout(timer))
  }

  destroy(): void {
    this.#silence()
    this.#socket.destroy()
  }

  ref(): void {
    this.#socket.ref()
  }

  unref(): void {
    this.#socket.unref()
  }

  #closed(failure: NodeJS.ErrnoException | undefined): void {
    if (this.#gone) return
    this.#gone = true
    this.#receiver?.closed(failure)
  }

  #silence(): void {
    this.#gone = true
    this.#receiver = undefined
    if (this.#reads !== undefined) this.#reads.receiver = undefined
  }

  #pause(): void {
    this.#paused = true
    this.#socket.pause()
  }

  #drained(): void {
    if (this.#writing && this.#socket.writableLength === 0) this.#flushed()
  }

  readonly #flushed = (error?: Error | null): void => {
    if (!this.#writing) return
    if (error) {
      // What failed is followed by 'close', unless that came first; more would only be lost too.
      if (this.#over) this.#closed(error)
      return
    }
    this.#writing = false
    this.#receiver?.written()
  }
}

/**
 * The reading half of a direct link: made before its socket, because the socket wants to know where to read to from the start.
 * What is read before there is a receiver, or after it has gone, goes into `scratch`.
 */
export class DirectReads {
  receiver: Receiver | undefined
  readonly onread: OnReadOpts
  #space: Uint8Array | undefined

  constructor(scratch: Uint8Array) {
    this.onread = {
      buffer: () => {
        this.#space = this.receiver?.space()
        return this.#space ?? scratch
      },
      callback: (size, buffer) => {
        const receiver = this.receiver
        if (receiver === undefined) return true
        return this.#space === undefined ? receiver.push(buffer.subarray(0, size)) : receiver.filled(size)
      },
    }
  }
}

/** The options of a `net.Socket` that a link reads from. The write buffer is empty or the writer waits: there is no middle. */
export function socketOptions(reads: DirectReads | undefined): {
  onread?: OnReadOpts
  writableHighWaterMark: number
  allowHalfOpen: false
} {
  const options = { writableHighWaterMark: 1, allowHalfOpen: false } as const
  return reads === undefined ? options : { ...options, onread: reads.onread }
}

/**
 * Gives an accepted connection direct reads. A server has no option for it, so that the handle moves to a socket of our own;
 * undefined where the platform hides its handles.
 */
export function rewrap(accepted: Socket, reads: DirectReads): Socket | undefined {
  const holder = accepted as unknown as { _handle: object | null }
  const handle = holder._handle
  if (handle === null || typeof handle !== 'object') return undefined
  holder._handle = null
  const Wrapping = Socket as unknown as new (options: object) => Socket
  const socket = new Wrapping({ handle, ...socketOptions(reads) })
  // The server counts its connections by the sockets it made.
  accepted.destroy()
  return socket
}
