import type { MessagePort } from 'node:worker_threads'
import type { InprocEnd } from './inproc.ts'
import type { Frames } from './pipe/frames.ts'
import type { Pipe, Request } from './pipe/pipe.ts'
import type { TypeName } from './socket-types.ts'
import { acceptsPeer, type SocketType } from './wire/socket-type.ts'

/** What a socket tells of itself to a socket of another thread. */
export interface ThreadPeer {
  readonly type: TypeName
  readonly routingId: Uint8Array
}

/** Messages that one side may send ahead of the other's reading. */
const WINDOW = 1000

/** Messages in one piece of memory, which moves to the other thread and is not copied again. */
interface Batch {
  readonly octets: Uint8Array
  /** For each message the sizes of its frames, and what it asks for, where it is no message. */
  readonly messages: readonly { readonly sizes: readonly number[]; readonly request: Request | undefined }[]
}

type Note = { readonly is: 'batch'; readonly batch: Batch } | { readonly is: 'credit'; readonly count: number }

/**
 * A socket of another thread as this thread's inproc sees it: what is written to it goes through a port, in batches and
 * within a credit. When its thread dies, or either socket closes, the connection ends.
 */
export class ThreadLink implements InprocEnd {
  readonly type: TypeName
  readonly routingId: Uint8Array
  readonly hello = null
  readonly frames: Frames
  readonly marks: InprocEnd['marks'] = { send: WINDOW, receive: WINDOW, conflate: false }
  readonly #port: MessagePort
  #pipe: Pipe | undefined
  #credit = WINDOW
  /** Arrived, while the socket here had no room. */
  readonly #backlog: { readonly frames: Buffer[]; readonly request: Request | undefined }[] = []
  #consumed = 0
  #scheduled = false
  #pouring = false
  #state: 'open' | 'draining' | 'closed' = 'open'
  /** Set by whoever made the connection. */
  ended: () => void = () => {}

  constructor(port: MessagePort, peer: ThreadPeer, frames: Frames) {
    this.type = peer.type
    this.routingId = peer.routingId
    this.frames = frames
    this.#port = port
    port.on('message', (note: Note) => this.#receive(note))
    port.on('close', () => this.#closed())
    port.unref()
  }

  attach(pipe: Pipe): boolean {
    this.#pipe = pipe
    return true
  }

  linked(): boolean {
    // The other thread may have been quicker than the connection here.
    queueMicrotask(() => this.#pour())
    return true
  }

  /** The socket here is gone: what it had written still crosses. */
  detach(): void {
    if (this.#state !== 'open') return
    this.#state = 'draining'
    this.#port.ref()
    this.#pump()
  }

  readable(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    // What is written in one turn crosses in one batch.
    queueMicrotask(() => {
      this.#scheduled = false
      this.#pump()
    })
  }

  writable(): void {
    this.#pour()
  }

  accepts(peer: InprocEnd): boolean {
    const { type } = peer as ThreadLink
    return type !== 'STREAM' && this.type !== 'STREAM' && acceptsPeer(this.type as SocketType, type)
  }

  close(): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.#port.close()
  }

  #pump(): void {
    const pipe = this.#pipe
    if (pipe === undefined || this.#state === 'closed') return
    const messages: { sizes: number[]; request: Request | undefined }[] = []
    const parts: Buffer[] = []
    for (let next = pipe.next(); next !== undefined && this.#credit > 0; next = pipe.next()) {
      const frames = pipe.read()
      if (frames === undefined) break
      messages.push({ sizes: frames.map(frame => frame.length), request: next === 'message' ? undefined : next })
      parts.push(...frames)
      if (next === 'message') this.#credit--
    }
    if (messages.length > 0) {
      const octets = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
      let at = 0
      for (const part of parts) {
        octets.set(part, at)
        at += part.length
      }
      this.#port.postMessage({ is: 'batch', batch: { octets, messages } } satisfies Note, [octets.buffer])
    }
    if (this.#state === 'draining' && !pipe.readable) this.close()
  }

  #receive(note: Note): void {
    if (this.#state === 'closed') return
    if (note.is === 'credit') {
      this.#credit += note.count
      this.#pump()
      return
    }
    const octets = Buffer.from(note.batch.octets.buffer)
    let at = 0
    for (const { sizes, request } of note.batch.messages) {
      const frames = sizes.map(size => octets.subarray(at, (at += size)))
      this.#backlog.push({ frames, request })
    }
    this.#pour()
  }

  /** Gives the socket here what has arrived, as far as it has room. */
  #pour(): void {
    const pipe = this.#pipe
    // A write may wake a reader, whose reading makes room: that comes back here.
    if (pipe === undefined || this.#state !== 'open' || this.#pouring) return
    this.#pouring = true
    let done = 0
    while (done < this.#backlog.length) {
      const { frames, request } = this.#backlog[done]! // below length
      if (request !== undefined)
        pipe.request(request, frames[0]!) // a request is one frame
      else if (pipe.write(frames)) this.#consumed++
      else break
      done++
    }
    this.#backlog.splice(0, done)
    this.#pouring = false
    if (this.#consumed === 0 || (this.#consumed < WINDOW / 4 && this.#backlog.length > 0)) return
    this.#port.postMessage({ is: 'credit', count: this.#consumed } satisfies Note)
    this.#consumed = 0
  }

  /** The other side is gone. What had come from it is still read, whatever the mark: it is no more than the window. */
  #closed(): void {
    if (this.#state === 'open' && this.#pipe !== undefined) {
      for (const { frames, request } of this.#backlog.splice(0)) {
        if (request === undefined) this.#pipe.out.inject(frames)
        else this.#pipe.request(request, frames[0]!) // a request is one frame
      }
    }
    this.#state = 'closed'
    this.ended()
  }
}
