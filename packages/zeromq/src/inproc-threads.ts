import { BroadcastChannel, MessageChannel, postMessageToThread, threadId, type MessagePort } from 'node:worker_threads'
import type { Inproc, InprocConnection, InprocEnd } from './inproc.ts'
import type { Frames } from './pipe/frames.ts'
import { NameLocks } from './name-locks.ts'
import { ThreadLink, type ThreadPeer } from './thread-link.ts'

/** Told to all threads. */
type Call =
  | {
      readonly is: 'seek'
      readonly name: string
      readonly id: number
      readonly from: number
      readonly peer: ThreadPeer
    }
  | { readonly is: 'bound'; readonly name: string }
  | { readonly is: 'taken'; readonly name: string }

/** Told to the thread that sought. */
interface Offer {
  readonly millraceInproc: number
  readonly port: MessagePort
  readonly peer: ThreadPeer
}

const CHANNEL = 'millrace.zeromq.inproc'

/**
 * The inproc names of other threads, for the one context that threads share. Whoever connects to a name that its own
 * thread has not bound asks all threads; whoever binds one tells all. One thread has a name at a time, as far as a bind can wait
 * for that: `bindSync` cannot, nor can any bind where the runtime has no locks between threads. Where two threads have bound the
 * same after all, both sockets report EADDRINUSE as soon as they learn of it, and a connection goes to its own thread's, or to
 * the first that answers.
 */
export class InprocThreads {
  readonly #inproc: Inproc
  readonly #frames: Frames
  readonly #sought = new Map<number, { readonly name: string; readonly connection: InprocConnection }>()
  // A browser keeps its locks for all its processes.
  readonly #names = new NameLocks(`${CHANNEL}.${process.pid}`)
  #channel: BroadcastChannel | undefined
  #count = 0

  constructor(inproc: Inproc, frames: Frames) {
    this.#inproc = inproc
    this.#frames = frames
  }

  /** A connection of this thread waits for a name. */
  seek(name: string, connection: InprocConnection): void {
    const id = this.#count++
    this.#sought.set(id, { name, connection })
    this.#call(this.#seeking(id, name, connection))
  }

  async claim(name: string): Promise<boolean> {
    // Without locks nobody can be asked: it is ours until another thread objects.
    if (this.#names.available && !(await this.#names.claim(name))) return false
    this.#call({ is: 'bound', name })
    return true
  }

  free(name: string): Promise<void> {
    return this.#names.free(name)
  }

  elsewhere(name: string): Promise<boolean> | undefined {
    return this.#names.available ? this.#names.taken(name) : undefined
  }

  rival(name: string): void {
    this.#call({ is: 'taken', name })
  }

  #seeking(id: number, name: string, { connecter }: InprocConnection): Call {
    return { is: 'seek', name, id, from: threadId, peer: peerOf(connecter) }
  }

  #call(call: Call): void {
    if (this.#channel === undefined) {
      const channel = new BroadcastChannel(CHANNEL)
      channel.onmessage = event => this.#hear((event as { data: Call }).data)
      channel.unref()
      process.on('workerMessage', (value: unknown) => this.#offered(value))
      this.#channel = channel
    }
    this.#channel.postMessage(call)
  }

  #hear(call: Call): void {
    if (call.is === 'seek') return this.#answer(call)
    const own = this.#inproc.boundTo(call.name)
    // With locks whoever comes second hears of it from them.
    if (own !== undefined && (call.is === 'taken' || !this.#names.available)) {
      own.taken?.(call.name)
      if (call.is === 'bound') this.#call({ is: 'taken', name: call.name })
    }
    if (call.is === 'taken') return
    for (const [id, { name, connection }] of this.#sought) {
      if (connection.waits === undefined) this.#sought.delete(id)
      else if (name === call.name) this.#call(this.#seeking(id, name, connection))
    }
  }

  #answer({ name, id, from, peer }: Extract<Call, { is: 'seek' }>): void {
    const bound = this.#inproc.boundTo(name)
    if (bound === undefined || (this.#names.available && !this.#names.has(name))) return
    const { port1, port2 } = new MessageChannel()
    const link = new ThreadLink(port1, peer, this.#frames)
    if (!bound.accepts(link)) return link.close()
    const offer: Offer = { millraceInproc: id, port: port2, peer: peerOf(bound) }
    postMessageToThread(from, offer, [port2]).then(
      () => {
        if (this.#inproc.boundTo(name) !== bound) return link.close()
        const connection = this.#inproc.connect(name, link, () => {})
        link.ended = () => connection.end()
      },
      () => link.close(),
    )
  }

  #offered(value: unknown): void {
    if (typeof value !== 'object' || value === null || !('millraceInproc' in value)) return
    const { millraceInproc: id, port, peer } = value as Offer
    const sought = this.#sought.get(id)
    this.#sought.delete(id)
    const link = new ThreadLink(port, peer, this.#frames)
    if (sought === undefined || sought.connection.waits === undefined || !this.#inproc.join(sought.connection, link)) {
      return link.close()
    }
    link.ended = () => sought.connection.end()
  }
}

function peerOf(end: InprocEnd): ThreadPeer {
  const { type, routingId } = end as ThreadLink
  return { type, routingId: new Uint8Array(routingId) }
}
