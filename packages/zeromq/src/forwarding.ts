import { ZmqError } from './errors.ts'
import type { Incoming, Outgoing, Part, Sent } from './pattern/pattern.ts'
import type { SocketCore } from './socket-core.ts'

/** Messages and the octets of their frames. */
export interface Traffic {
  messages: number
  bytes: number
}

/** What went through a proxy, at each of its ends. */
export interface ProxyStatistics {
  frontEnd: { received: Traffic; sent: Traffic }
  backEnd: { received: Traffic; sent: Traffic }
}

type State = 'idle' | 'running' | 'paused' | 'over'

/** Messages for one direction in one turn of the event loop, as libzmq's proxy has it. */
const BURST = 1000
/**
 * Passes messages both ways between two sockets (`zmq_proxy_steerable`): nothing is read from one before the other can
 * send, so that back-pressure reaches the senders. Both sockets are taken: their own operations fail with EBUSY, and in
 * the end both are closed.
 */
export class Forwarding {
  readonly #front: SocketCore
  readonly #back: SocketCore
  readonly #capture: SocketCore | undefined
  readonly #statistics: ProxyStatistics = {
    frontEnd: { received: { messages: 0, bytes: 0 }, sent: { messages: 0, bytes: 0 } },
    backEnd: { received: { messages: 0, bytes: 0 }, sent: { messages: 0, bytes: 0 } },
  }
  #state: State = 'idle'
  /** Ends the wait that is going on. */
  #wake: () => void = () => {}
  /** Read, and not taken yet by a peer that was full. */
  readonly #held = new Map<SocketCore, Incoming>()

  constructor(front: SocketCore, back: SocketCore, capture?: SocketCore) {
    this.#front = front
    this.#back = back
    this.#capture = capture
  }

  /** A copy. */
  get statistics(): ProxyStatistics {
    return structuredClone(this.#statistics)
  }

  get state(): State {
    return this.#state
  }

  /** Resolves after `terminate`, or when a socket or the context is closed; rejects with the error of a socket. */
  async run(): Promise<void> {
    if (this.#state !== 'idle') throw new ZmqError('EBUSY', { message: 'The proxy has been started' })
    const sockets = this.#capture === undefined ? this.#ends : [...this.#ends, this.#capture]
    for (const socket of sockets) socket.check()
    this.#state = 'running'
    let captureClosed = false
    for (const socket of sockets) {
      socket.block()
      // A socket that is closed under the proxy ends it; the other ends with it.
      socket.closeAsked = () => {
        if (socket === this.#capture) captureClosed = true
        this.#state = 'over'
        this.#wake()
      }
    }
    try {
      while (this.#goesOn()) {
        if (this.#move()) await turn()
        else await this.#change()
      }
    } finally {
      this.#state = 'over'
      for (const socket of sockets) socket.closeAsked = undefined
      this.#capture?.unblock()
      if (captureClosed) this.#capture?.close()
      for (const socket of this.#ends) socket.close()
    }
  }

  pause(): void {
    this.#steer('running', 'paused')
  }

  resume(): void {
    this.#steer('paused', 'running')
  }

  /** Throws EBADF while it does not run. */
  terminate(): void {
    if (this.#state !== 'running' && this.#state !== 'paused') throw new ZmqError('EBADF')
    this.#state = 'over'
    this.#wake()
  }

  #steer(from: State, to: State): void {
    if (this.#state !== 'running' && this.#state !== 'paused') throw new ZmqError('EBADF')
    if (this.#state === from) this.#state = to
    this.#wake()
  }

  get #ends(): SocketCore[] {
    return this.#front === this.#back ? [this.#front] : [this.#front, this.#back]
  }

  #goesOn(): boolean {
    if (this.#state === 'over') return false
    return this.#front.context.isOpen && this.#front.state !== 'closed' && this.#back.state !== 'closed'
  }

  /** One turn; whether there may be more to do at once. */
  #move(): boolean {
    if (this.#state !== 'running') return false
    const { frontEnd, backEnd } = this.#statistics
    const there = this.#pump(this.#front, this.#back, frontEnd.received, backEnd.sent)
    if (this.#front === this.#back) return there
    return this.#pump(this.#back, this.#front, backEnd.received, frontEnd.sent) || there
  }

  #pump(from: SocketCore, to: SocketCore, received: Traffic, sent: Traffic): boolean {
    for (let i = 0; i < BURST; i++) {
      let message = this.#held.get(from)
      if (message === undefined) {
        // An echo (one socket for both) can send because it has received.
        if (from !== to && !to.pattern.canSend) return false
        if (this.#capture !== undefined && !this.#capture.pattern.canSend) return false
        message = from.pattern.receive()
        if (message === undefined) return false
        count(received, message)
        if (this.#capture !== undefined) give(this.#capture, message)
      }
      const verdict = give(to, message)
      if (verdict === 'full') {
        this.#held.set(from, message)
        return false
      }
      this.#held.delete(from)
      if (verdict !== 'accept' && verdict !== 'drop') throw new ZmqError(verdict)
      count(sent, message)
    }
    return true
  }

  /** Waits until there is something to pass on, or the proxy is steered. */
  async #change(): Promise<void> {
    const end = new AbortController()
    const waits: Promise<unknown>[] = [new Promise<void>(resolve => (this.#wake = resolve))]
    if (this.#state === 'running') {
      waits.push(this.#passable(this.#front, this.#back, end.signal))
      if (this.#front !== this.#back) waits.push(this.#passable(this.#back, this.#front, end.signal))
    }
    await Promise.race(waits)
    end.abort()
    this.#wake = () => {}
  }

  /** Resolves when a message can be passed on, or a socket is closed. */
  async #passable(from: SocketCore, to: SocketCore, signal: AbortSignal): Promise<void> {
    try {
      if (this.#held.has(from)) {
        // A ROUTER under MANDATORY can always send, and finds this peer full.
        await (to.pattern.canSend ? to.whenRoom(signal) : to.whenWritable(signal))
        return
      }
      await from.whenReadable(signal)
      if (from !== to) await to.whenWritable(signal)
      if (this.#capture !== undefined) await this.#capture.whenWritable(signal)
    } catch {
      // Aborted, or closed: the loop looks for itself.
    }
  }
}

/** Sends what a socket received to another; what SERVER and DISH tell beside the frame is where it goes to. */
function give(to: SocketCore, message: Incoming): Sent {
  const last: unknown = message.at(-1)
  if (last instanceof Uint8Array) return to.pattern.send(message as Outgoing)
  const { routingId, group } = last as { routingId?: number; group?: Buffer }
  return to.pattern.send(message.slice(0, -1) as readonly Part[], routingId ?? group)
}

function count(traffic: Traffic, message: Incoming): void {
  traffic.messages++
  for (let i = 0; i < message.length; i++) traffic.bytes += message[i]!.length
}

function turn(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}
