import { ZmqError } from './errors.ts'
import type { Frames } from './pipe/frames.ts'
import { Mailbox } from './pipe/mailbox.ts'
import { Pipe } from './pipe/pipe.ts'
import type { QueueEvents } from './pipe/queue-events.ts'

/** A socket at one end of an inproc connection. */
export interface InprocEnd {
  readonly marks: { send: number; receive: number; conflate: boolean }
  readonly routingId: Uint8Array
  /** HELLO_MSG, or null. */
  readonly hello: Uint8Array | null
  readonly frames: Frames
  attach(pipe: Pipe): boolean
  linked(pipe: Pipe): boolean
  detach(pipe: Pipe): void
  readable(pipe: Pipe): void
  writable(pipe: Pipe): void
  /** Another thread has bound the same name. */
  taken?(name: string): void
  /** Whether a peer with this end may be talked to. */
  accepts(peer: InprocEnd): boolean
}

/** The inproc names of other threads. */
export interface InprocNeighbours {
  /** A connection of this thread waits for a name. */
  seek(name: string, connection: InprocConnection): void
  /** A name is bound in this thread: tells who waits for it. Resolves to false where another thread has it. */
  claim(name: string): Promise<boolean>
  /** A name is bound no longer. Resolves when another thread may have it. */
  free(name: string): Promise<void>
  /** Whether any thread has a name; undefined where nobody can tell. */
  elsewhere(name: string): Promise<boolean> | undefined
  /** A name is bound here although another thread has it. */
  rival(name: string): void
}

/** Who has bound a name, and what is told of each connection that comes to it there. */
interface Bound {
  readonly end: InprocEnd
  readonly accepted: (connection: InprocConnection) => void
}

/** The inproc names of a context. A connect may come before its bind. */
export class Inproc {
  readonly #bound = new Map<string, Bound>()
  readonly #waiting = new Map<string, Set<InprocConnection>>()

  /** Other threads, where this context reaches them. */
  threads: InprocNeighbours | undefined

  has(name: string): boolean {
    return this.#bound.has(name)
  }

  /** Who has bound a name in this thread. */
  boundTo(name: string): InprocEnd | undefined {
    return this.#bound.get(name)?.end
  }

  /** Joins a connection that waits with an end that has not bound here. False: they do not go together. */
  join(connection: InprocConnection, end: InprocEnd): boolean {
    connection.waits?.()
    return this.#meet(connection, end, () => {})
  }

  /**
   * Binds a name, and connects who waited for it. Throws EADDRINUSE; EINVAL for a name of no or more than 256 characters. Where
   * there are other threads the answer resolves to false if one of them has the name: it is for the caller to give it up.
   */
  bind(name: string, end: InprocEnd, accepted: (connection: InprocConnection) => void): Promise<boolean> | undefined {
    checkName(name)
    if (this.#bound.has(name)) throw new ZmqError('EADDRINUSE', { address: `inproc://${name}` })
    this.#bound.set(name, { end, accepted })
    const waiting = this.#waiting.get(name)
    this.#waiting.delete(name)
    for (const connection of waiting ?? []) this.#meet(connection, end, accepted)
    return this.threads?.claim(name)
  }

  /** A name that another thread has stays bound here, too: both sides are told. */
  rival(name: string): void {
    const own = this.boundTo(name)
    if (own === undefined) return
    own.taken?.(name)
    this.threads?.rival(name)
  }

  /** Frees a name, at once for this thread; resolves when it is free for all. The connections live on. */
  unbind(name: string): Promise<void> {
    this.#bound.delete(name)
    return this.threads?.free(name) ?? Promise.resolve()
  }

  /** Connects to a name, now or when it is bound. */
  connect(name: string, end: InprocEnd, ended: (connection: InprocConnection) => void): InprocConnection {
    checkName(name)
    const connection = new InprocConnection(end, ended)
    const bound = this.#bound.get(name)
    if (bound !== undefined) {
      if (!bound.end.accepts(end)) throw new ZmqError('ENOCOMPATPROTO', { address: `inproc://${name}` })
      connection.begin()
      this.#meet(connection, bound.end, bound.accepted)
      return connection
    }
    connection.begin()
    const waiting = this.#waiting.get(name) ?? new Set()
    waiting.add(connection)
    this.#waiting.set(name, waiting)
    connection.waits = () => {
      waiting.delete(connection)
      if (waiting.size === 0 && this.#waiting.get(name) === waiting) this.#waiting.delete(name)
    }
    this.threads?.seek(name, connection)
    return connection
  }

  #meet(connection: InprocConnection, end: InprocEnd, accepted: (connection: InprocConnection) => void): boolean {
    connection.waits = undefined
    if (!end.accepts(connection.connecter)) return false
    accepted(connection)
    connection.meet(end)
    return true
  }
}

/** Two pipes back to back: what one end writes is what the other reads, in the same memory. */
export class InprocConnection {
  readonly connecter: InprocEnd
  /** Takes the connection out of the list of those that wait for a name. */
  waits: (() => void) | undefined
  /** The pipe of the end that connected, and of the one that had bound. */
  readonly pipe: Pipe
  peerPipe: Pipe | undefined
  #binder: InprocEnd | undefined
  #attached = false
  #peerAttached = false
  #over = false
  readonly #ended: (connection: InprocConnection) => void
  #binderEnded: ((connection: InprocConnection) => void) | undefined

  constructor(connecter: InprocEnd, ended: (connection: InprocConnection) => void) {
    this.connecter = connecter
    this.#ended = ended
    const { marks, frames } = connecter
    const { conflate } = marks
    const there = new Mailbox(frames, this.#events('binder', 'connecter'), { mark: marks.send, conflate })
    const back = new Mailbox(frames, this.#events('connecter', 'binder'), { mark: marks.receive, conflate })
    this.pipe = new Pipe({ out: there, in: back }, CARRIER, { frames, side: 'connect' })
  }

  /** Gives the connecting end its pipe. */
  begin(): void {
    this.#attached = true
    this.#attached = this.connecter.attach(this.pipe)
  }

  /** Joins the end that has bound the name. */
  meet(binder: InprocEnd): void {
    const { pipe, connecter } = this
    this.#binder = binder
    const peer = new Pipe({ out: pipe.in, in: pipe.out }, CARRIER, { frames: binder.frames, side: 'bind' })
    this.peerPipe = peer
    pipe.identity = Buffer.from(binder.routingId)
    peer.identity = Buffer.from(connecter.routingId)
    this.adjust()
    if (binder.marks.conflate) pipe.out.conflate = true
    pipe.linked = peer.linked = true
    this.#peerAttached = true
    if (binder.hello !== null) peer.out.inject(binder.hello)
    if (connecter.hello !== null) pipe.out.inject(connecter.hello)
    this.#peerAttached = binder.attach(peer)
    if (!this.#peerAttached) return this.end()
    const accepted = binder.linked(peer) && (!this.#attached || connecter.linked(pipe))
    if (!accepted) return this.end()
    // What was written before there was a reader.
    if (!peer.in.empty) binder.readable(peer)
    if (!pipe.in.empty && this.#attached) connecter.readable(pipe)
  }

  /** Tells the binding end's socket when it is over. */
  onEnd(ended: (connection: InprocConnection) => void): void {
    this.#binderEnded = ended
  }

  /** Applies the high-water marks of both ends: the sender's and the receiver's are added, and none is none. */
  adjust(): void {
    const here = this.connecter.marks
    const there = this.#binder?.marks
    this.pipe.out.mark = sum(here.send, there === undefined ? undefined : there.receive)
    this.pipe.in.mark = sum(
      there === undefined ? here.receive : there.send,
      there === undefined ? undefined : here.receive,
    )
  }

  /** Ends the connection for both; what has been written can still be read. */
  end(): void {
    if (this.#over) return
    this.#over = true
    this.waits?.()
    const { pipe, peerPipe } = this
    pipe.linked = false
    if (peerPipe !== undefined) peerPipe.linked = false
    pipe.out.seal()
    pipe.in.seal()
    if (this.#attached) {
      this.#attached = false
      this.connecter.detach(pipe)
    }
    if (this.#peerAttached && peerPipe !== undefined) {
      this.#peerAttached = false
      this.#binder?.detach(peerPipe)
    }
    this.#ended(this)
    this.#binderEnded?.(this)
  }

  #events(reader: 'connecter' | 'binder', writer: 'connecter' | 'binder'): Pick<QueueEvents, 'filled' | 'room'> {
    return {
      filled: () => {
        if (reader === 'connecter') {
          if (this.#attached) this.connecter.readable(this.pipe)
        } else if (this.#peerAttached && this.peerPipe !== undefined) {
          this.#binder?.readable(this.peerPipe)
        }
      },
      room: () => {
        if (writer === 'connecter') {
          if (this.#attached) this.connecter.writable(this.pipe)
        } else if (this.#peerAttached && this.peerPipe !== undefined) {
          this.#binder?.writable(this.peerPipe)
        }
      },
    }
  }
}

const CARRIER = { drained: (): void => {} }

function sum(a: number, b: number | undefined): number {
  if (a === 0 || b === 0) return 0
  return a + (b ?? 0)
}

function checkName(name: string): void {
  if (name === '' || name.length > 256) throw new ZmqError('EINVAL', { address: `inproc://${name}` })
}
