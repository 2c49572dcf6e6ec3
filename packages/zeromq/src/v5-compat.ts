/// <reference types="node" preserve="true" />
import { EventEmitter } from 'node:events'
import * as zmq from './index.ts'
import * as constants from './v5-constants.ts'
import { V5_NAMES, V5_OPTIONS } from './v5-options.ts'

export * from './v5-constants.ts'

/** The version of libzmq whose behaviour this is. */
export const version: string = zmq.version

/** The short names of options, which are properties of sockets too, with their numbers. */
export const options: Readonly<Record<string, number>> = V5_NAMES

/** A socket type of version 5. */
export type SocketType =
  | 'pair'
  | 'req'
  | 'rep'
  | 'pub'
  | 'sub'
  | 'dealer'
  | 'xreq'
  | 'router'
  | 'xrep'
  | 'pull'
  | 'push'
  | 'xpub'
  | 'xsub'
  | 'stream'

/** Settings of the one context. */
export class Context {
  constructor() {
    throw new Error('Context cannot be instantiated in compatibility mode')
  }

  static setMaxThreads(value: number): void {
    zmq.context.ioThreads = value
  }

  static getMaxThreads(): number {
    return zmq.context.ioThreads
  }

  static setMaxSockets(value: number): void {
    zmq.context.maxSockets = value
  }

  static getMaxSockets(): number {
    return zmq.context.maxSockets
  }
}

/** Called when an operation is done, with an error when it failed. */
export type Callback = (error?: Error) => void

/** A socket of version 5: messages come as `message` events, sends are queued without a bound. */
export class Socket extends EventEmitter {
  // The short names of options; what they hold is what the option does.
  declare affinity: number
  declare backlog: number
  declare identity: string | Buffer | null
  declare linger: number
  declare rate: number
  declare rcvbuf: number
  declare readonly last_endpoint: string | null
  declare reconnect_ivl: number
  declare recovery_ivl: number
  declare sndbuf: number
  declare readonly mechanism: number
  declare plain_server: number
  declare plain_username: string | null
  declare plain_password: string | null
  declare curve_server: number
  declare curve_publickey: string | null
  declare curve_secretkey: string | null
  declare curve_serverkey: string | null
  declare zap_domain: string | null
  declare heartbeat_ivl: number
  declare heartbeat_ttl: number
  declare heartbeat_timeout: number
  declare connect_timeout: number

  readonly type: SocketType
  readonly #socket: Both
  #parts: zmq.MessageLike[] = []
  readonly #outgoing: { message: zmq.MessageLike[]; callback: Callback | undefined }[] = []
  /** Received while paused. */
  readonly #held: zmq.Message[][] = []
  #paused = false
  #receiving = false
  #sending = false

  constructor(type: SocketType) {
    super()
    if (!Object.hasOwn(CLASSES, type)) throw new Error(`Invalid socket type: ${type}`)
    this.type = type
    this.#socket = new CLASSES[type]() as unknown as Both
    void this.#receive()
  }

  get closed(): boolean {
    return this.#socket.closed
  }

  bind(address: string, callback?: Callback): this {
    this.#report(this.#socket.bind(address), 'bind', address, callback)
    return this
  }

  unbind(address: string, callback?: Callback): this {
    this.#report(this.#socket.unbind(address), 'unbind', address, callback)
    return this
  }

  bindSync(address: string): this {
    this.#socket.bindSync(address)
    return this
  }

  unbindSync(address: string): this {
    this.#socket.unbindSync(address)
    return this
  }

  connect(address: string): this {
    this.#socket.connect(address)
    return this
  }

  disconnect(address: string): this {
    this.#socket.disconnect(address)
    return this
  }

  /** Queues a message; with the flag ZMQ_SNDMORE it is continued by the next call. */
  send(message: zmq.MessageLike | zmq.MessageLike[], flags?: number | null, callback?: Callback): this {
    this.#parts = this.#parts.concat(message)
    if (((flags ?? 0) & constants.ZMQ_SNDMORE) === 0) {
      this.#outgoing.push({ message: this.#parts, callback })
      this.#parts = []
      void this.#send()
    }
    return this
  }

  read(): never {
    throw new Error("read() has been removed from compatibility mode; use on('message', ...) instead.")
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    void this.#receive()
    void this.#send()
  }

  close(): this {
    this.#socket.close()
    return this
  }

  /** Emits what happens on the connections, under the names of version 5. */
  monitor(interval?: number, events?: number): this {
    if (interval !== undefined || events !== undefined) {
      process.emitWarning('Arguments to monitor() are ignored in compatibility mode; all events are read automatically')
    }
    void this.#monitor()
    return this
  }

  unmonitor(): this {
    this.#socket.events.close()
    return this
  }

  subscribe(filter: Buffer | string): this {
    this.#subscriber().subscribe(filter)
    return this
  }

  unsubscribe(filter: Buffer | string): this {
    this.#subscriber().unsubscribe(filter)
    return this
  }

  /** `option`: its number or short name. */
  setsockopt(option: number | string, value: unknown): this {
    const id = typeof option === 'number' ? option : (V5_NAMES[option] ?? -1)
    const known = V5_OPTIONS.get(id)
    if (known !== undefined) {
      const kept = known.kind === 'not' ? !value : known.kind === 'bit' ? Boolean(value) : value
      this.#properties[known.property] = kept
    } else if (id === constants.ZMQ_SUBSCRIBE) this.subscribe(value as string)
    else if (id === constants.ZMQ_UNSUBSCRIBE) this.unsubscribe(value as string)
    else if (id === constants.ZMQ_XPUB_VERBOSE) this.#properties.verbosity = value ? 'allSubs' : null
    else if (id === constants.ZMQ_ROUTER_HANDOVER) this.#properties.handover = Boolean(value)
    else throw new Error(refusal(id))
    return this
  }

  /** `option`: its number or short name. */
  getsockopt(option: number | string): unknown {
    const id = typeof option === 'number' ? option : (V5_NAMES[option] ?? -1)
    const known = V5_OPTIONS.get(id)
    if (known !== undefined) {
      const value = this.#properties[known.property]
      return known.kind === 'not' ? !value : known.kind === 'bit' ? Number(value) : value
    }
    switch (id) {
      case constants.ZMQ_TYPE:
        return this.#socket.type
      case constants.ZMQ_LAST_ENDPOINT:
        return this.#socket.lastEndpoint
      case constants.ZMQ_EVENTS:
        return (this.#socket.readable ? constants.ZMQ_POLLIN : 0) | (this.#socket.writable ? constants.ZMQ_POLLOUT : 0)
      case constants.ZMQ_MECHANISM:
        return ['plain', 'curve', 'gssapi'].indexOf(this.#socket.securityMechanism ?? '') + 1
      default:
        throw new Error(refusal(id))
    }
  }

  get #properties(): Record<string, unknown> {
    return this.#socket as unknown as Record<string, unknown>
  }

  #subscriber(): zmq.Subscriber {
    const socket: unknown = this.#socket
    if (socket instanceof zmq.Subscriber) return socket
    throw new Error('Subscriber socket required')
  }

  #report(done: Promise<void>, event: string, address: string, callback: Callback | undefined): void {
    done.then(
      () =>
        process.nextTick(() => {
          this.emit(event, address)
          callback?.()
        }),
      (error: Error) => process.nextTick(() => (callback === undefined ? this.emit('error', error) : callback(error))),
    )
  }

  async #receive(): Promise<void> {
    if (this.#receiving || this.type === 'push' || this.type === 'pub') return
    this.#receiving = true
    while (!this.closed && !this.#paused) {
      try {
        const message = this.#held.shift() ?? (await this.#socket.receive())
        // From a tick of its own: what a listener throws is not ours to catch.
        if (this.#paused) this.#held.push(message)
        else process.nextTick(() => this.emit('message', ...message))
      } catch (error) {
        if (this.closed) break
        if ((error as { code?: string }).code !== 'EBUSY') process.nextTick(() => this.emit('error', error))
      }
    }
    this.#receiving = false
  }

  async #send(): Promise<void> {
    if (this.#sending) return
    this.#sending = true
    while (!this.closed && !this.#paused) {
      const next = this.#outgoing.shift()
      if (next === undefined) break
      try {
        await this.#socket.send(next.message)
        next.callback?.()
      } catch (error) {
        if (next.callback !== undefined) next.callback(error as Error)
        else process.nextTick(() => this.emit('error', error))
      }
    }
    this.#sending = false
  }

  async #monitor(): Promise<void> {
    const { events } = this.#socket
    while (!events.closed) {
      try {
        // Undefined when unmonitor() ends the wait.
        const event = (await events.receive()) as zmq.Event | undefined
        if (event === undefined || event.type === 'end') return
        const name = V5_EVENTS[event.type]
        if (name === undefined) continue
        const { address, interval, error } = event as {
          address?: string
          interval?: number
          error?: { errno?: number }
        }
        this.emit(name, interval ?? error?.errno, address, error)
      } catch (error) {
        if (!this.closed) this.emit('error', error)
      }
    }
  }
}

for (const name of Object.keys(V5_NAMES)) {
  Object.defineProperty(Socket.prototype, name, {
    get(this: Socket): unknown {
      return this.getsockopt(name)
    },
    set(this: Socket, value: unknown): void {
      this.setsockopt(name, typeof value === 'string' ? Buffer.from(value) : value)
    },
  })
}

/** A new socket; `settings` are assigned to its properties. */
export function createSocket(type: SocketType, settings: Record<string, unknown> = {}): Socket {
  return Object.assign(new Socket(type), settings)
}

export { createSocket as socket }

/** A new key pair for CURVE, in Z85. */
export function curveKeypair(): { public: string; secret: string } {
  const { publicKey, secretKey } = zmq.curveKeyPair()
  return { public: publicKey, secret: secretKey }
}

/** Passes messages between two sockets; `capture` is sent what goes from back to front. */
export function proxy(frontend: Socket, backend: Socket, capture?: Socket): void {
  const pair = `${frontend.type}/${backend.type}`
  const envelope = PROXIED[pair]
  if (envelope === undefined) throw new Error('This socket type order is not supported in compatibility mode')
  frontend.on('message', (...frames: Buffer[]) => backend.send(frames))
  backend.on('message', (...frames: Buffer[]) => {
    frontend.send(frames)
    capture?.send(frames.slice(envelope))
  })
}

/** Not every type can do both; whichever cannot rejects with ENOTSUP. */
type Both = zmq.Dealer

const CLASSES: Readonly<Record<SocketType, new () => zmq.Socket>> = {
  pair: zmq.Pair,
  req: zmq.Request,
  rep: zmq.Reply,
  pub: zmq.Publisher,
  sub: zmq.Subscriber,
  dealer: zmq.Dealer,
  xreq: zmq.Dealer,
  router: zmq.Router,
  xrep: zmq.Router,
  pull: zmq.Pull,
  push: zmq.Push,
  xpub: zmq.XPublisher,
  xsub: zmq.XSubscriber,
  stream: zmq.Stream,
}

const V5_EVENTS: Readonly<Record<string, string>> = {
  connect: 'connect',
  'connect:delay': 'connect_delay',
  'connect:retry': 'connect_retry',
  bind: 'listen',
  'bind:error': 'bind_error',
  accept: 'accept',
  'accept:error': 'accept_error',
  close: 'close',
  'close:error': 'close_error',
  disconnect: 'disconnect',
}

/** Pairs that can be proxied, and how many frames of envelope the capture is spared. */
const PROXIED: Readonly<Record<string, number>> = {
  'push/pull': 0,
  'pull/push': 0,
  'xpub/xsub': 0,
  'router/dealer': 2,
  'xrep/xreq': 2,
}

function refusal(id: number): string {
  const name = REFUSED[id]
  return name === undefined ? 'Unknown option' : `${name} is not supported in compatibility mode`
}

const REFUSED: Readonly<Record<number, string>> = {
  [constants.ZMQ_RCVMORE]: 'ZMQ_RCVMORE',
  [constants.ZMQ_FD]: 'ZMQ_FD',
  [constants.ZMQ_ROUTER_RAW]: 'ZMQ_ROUTER_RAW',
}
