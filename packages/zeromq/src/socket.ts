import { context as globalContext, coreOfContext, type Context } from './context.ts'
import { ZmqError } from './errors.ts'
import { Monitor } from './monitor.ts'
import { Observer, observable } from './observer.ts'
import type { OptionInput } from './options.ts'
import type { Incoming, Outgoing, Sent } from './pattern/pattern.ts'
import type { PackedMessages } from './pipe/packed-messages.ts'
import type { Part } from './pipe/part.ts'
import { SocketCore, type Destination } from './socket-core.ts'
import { typeOfNumber } from './socket-types.ts'

type Sendable = ArrayBufferView | ArrayBuffer | SharedArrayBuffer | string | number | null

/**
 * The base of every socket class, with the members of the `zeromq` package's: other names, and options as properties, are added
 * by `sockets.ts`.
 */
export class Socket implements AsyncDisposable {
  readonly #core: SocketCore
  readonly #context: Context
  #events: Observer | undefined

  /** `type` is libzmq's number of the socket type. Throws EINVAL for one it does not know, EMFILE when the context is full. */
  constructor(type: number, options?: object) {
    if (typeof type !== 'number') throw new TypeError('Socket type must be a number')
    if (options !== undefined && (typeof options !== 'object' || options === null)) {
      throw new TypeError('Options must be an object')
    }
    const { context, ...properties } = (options ?? {}) as { context?: Context }
    this.#context = context ?? globalContext
    const name = typeOfNumber(type)
    if (name === undefined) throw new ZmqError('EINVAL')
    this.#core = new SocketCore(coreOfContext(this.#context), name)
    const monitor = new Monitor(this.#core.scheduler)
    this.#core.monitor = monitor
    observable(this, monitor)
    CORES.set(this, this.#core)
    FORGOTTEN.register(this, this.#core)
    // A misspelt option is an error and not a new property.
    Object.preventExtensions(this)
    try {
      Object.assign(this, properties)
    } catch (error) {
      // Nobody gets to see it, and its context would count and await it for ever.
      this.#core.close()
      throw error
    }
  }

  get context(): Context {
    return this.#context
  }

  get events(): Observer {
    this.#events ??= new Observer(this)
    return this.#events
  }

  get closed(): boolean {
    return this.#core.state === 'closed'
  }

  get readable(): boolean {
    return this.#core.state !== 'closed' && this.#core.pattern.canReceive
  }

  get writable(): boolean {
    return this.#core.state !== 'closed' && this.#core.pattern.canSend
  }

  bind(address: string): Promise<void> {
    return this.#blocked(address, core => core.endpoints.bind(address))
  }

  unbind(address: string): Promise<void> {
    return this.#blocked(address, core => core.endpoints.unbind(address))
  }

  /** Binds before it returns: no names are looked up; ENOTSUP for ws and where the runtime cannot. */
  bindSync(address: string): void {
    checkAddress(address)
    this.#core.check()
    this.#core.endpoints.bindNow(address)
  }

  /** Stops listening before it returns. */
  unbindSync(address: string): void {
    checkAddress(address)
    this.#core.check()
    void this.#core.endpoints.unbind(address)
  }

  connect(address: string): void {
    checkAddress(address)
    this.#core.check()
    this.#core.endpoints.connect(address)
  }

  disconnect(address: string): void {
    checkAddress(address)
    this.#core.check()
    this.#core.endpoints.disconnect(address)
  }

  close(): void {
    if (this.#core.state !== 'blocked') return this.#core.close()
    this.#closing = true
    this.#core.closeAsked?.()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close()
  }

  send(message: Sendable | readonly Sendable[], options?: object): Promise<void> {
    const core = this.#core
    const parts = outgoing(message)
    if (parts === NOTHING) return nothing(core)
    if (options === undefined) return core.send(parts, undefined)
    const { signal } = options as WaitOptions
    if (signal?.aborted === true) return Promise.reject(signal.reason as Error)
    return core.send(parts, destination(options), signal)
  }

  /** Sends now if that is possible: false where `send` would wait. Throws what `send` rejects with otherwise. */
  trySend(message: Sendable | readonly Sendable[], options?: object): boolean {
    return triedNow(this.#core, outgoing(message), destination(options))
  }

  /**
   * Sends messages in order, waiting for room where it must. Resolves when all are queued. When it rejects, `error.sent` says how many
   * were queued before. `options` as for `send`.
   */
  async sendMany(messages: readonly (Sendable | readonly Sendable[])[], options?: object): Promise<void> {
    const core = this.#core
    const to = destination(options)
    const { signal } = (options ?? PATIENT) as WaitOptions
    let i = 0
    try {
      signal?.throwIfAborted()
      while (i < messages.length) {
        i += to === undefined ? core.sendSome(messages, i) : 0
        if (i === messages.length) break
        const message = outgoing(messages[i]!) // i is below the length
        if (!triedNow(core, message, to)) await core.send(message, to, signal)
        i++
      }
    } catch (error) {
      // The reason of a signal can be anything, also what takes no property.
      if (error instanceof Error && Object.isExtensible(error)) Object.assign(error, { sent: i })
      throw error
    }
    const yielding = core.context.scheduler.spend()
    if (yielding !== undefined) await yielding
  }

  receive(options: WaitOptions = PATIENT): Promise<Incoming> {
    const { signal } = options
    if (signal?.aborted === true) return Promise.reject(signal.reason as Error)
    return this.#core.receive(signal)
  }

  /** The next message if one is there, otherwise undefined. */
  tryReceive(): Incoming | undefined {
    return this.#core.tryReceive()
  }

  /** Messages that are there, at least one, waiting for the first, and at most `max`. */
  receiveMany(max: number = 1024, { signal }: WaitOptions = PATIENT): Promise<Incoming[]> {
    if (signal?.aborted === true) return Promise.reject(signal.reason as Error)
    return this.#core.receiveMany(max, signal)
  }

  /** What `receiveMany` gives, in one piece of memory: frames are made when they are asked for. */
  receivePacked(max: number = 1024, { signal }: WaitOptions = PATIENT): Promise<PackedMessages> {
    if (!(max >= 1)) return Promise.reject(new ZmqError('EINVAL', { message: 'max has to be 1 or more' }))
    if (signal?.aborted === true) return Promise.reject(signal.reason as Error)
    return this.#core.receivePacked(max, signal)
  }

  /** Every message, in batches of what is there, until the socket is closed; throws the signal's reason when it aborts. */
  batches(
    max: number = 1024,
    options: WaitOptions = PATIENT,
  ): AsyncIterable<Incoming[]> & AsyncIterator<Incoming[], undefined> {
    const core = this.#core
    return {
      next: () =>
        core.state === 'closed'
          ? Promise.resolve(DONE)
          : this.receiveMany(max, options).then(
              value => ({ value, done: false }) as const,
              error => doneOrThrow(core, error),
            ),
      return: () => Promise.resolve(DONE),
      [Symbol.asyncIterator]() {
        return this
      },
    }
  }

  [Symbol.asyncIterator](): AsyncIterator<Incoming, undefined> {
    const core = this.#core
    const ended = (error: unknown): IteratorResult<Incoming, undefined> => doneOrThrow(core, error)
    return {
      next: () => {
        // Through the socket, so that whoever iterates has not forgotten it.
        const next = this.#core.next()
        return core.isReceiving ? next.catch(ended) : next
      },
      return: () => Promise.resolve(DONE),
    }
  }

  join(...groups: (Uint8Array | string)[]): void {
    for (const group of groups) {
      this.#core.check()
      if (this.#core.pattern.topics?.add(Buffer.from(group)) !== true) throw new ZmqError('EINVAL')
    }
  }

  leave(...groups: (Uint8Array | string)[]): void {
    for (const group of groups) {
      this.#core.check()
      if (this.#core.pattern.topics?.remove(Buffer.from(group)) !== true) throw new ZmqError('EINVAL')
    }
  }

  protected getBoolOption(option: number): boolean {
    return Boolean(this.#get(option))
  }

  protected setBoolOption(option: number, value: boolean): void {
    if (typeof value !== 'boolean') throw new TypeError('Option value must be a boolean')
    this.#set(option, value)
  }

  protected getInt32Option(option: number): number {
    return Number(this.#get(option))
  }

  protected setInt32Option(option: number, value: number): void {
    this.#setNumber(option, value)
  }

  protected getUint32Option(option: number): number {
    return Number(this.#get(option))
  }

  protected setUint32Option(option: number, value: number): void {
    this.#setNumber(option, value)
  }

  protected getInt64Option(option: number): number {
    return Number(this.#get(option))
  }

  protected setInt64Option(option: number, value: number): void {
    this.#setNumber(option, value)
  }

  protected getUint64Option(option: number): number {
    return Number(this.#get(option))
  }

  protected setUint64Option(option: number, value: number): void {
    this.#setNumber(option, value)
  }

  protected getStringOption(option: number): string | null {
    const value = this.#get(option)
    if (value instanceof Uint8Array) return Buffer.from(value).toString()
    return value === null || value === '' ? null : String(value)
  }

  protected setStringOption(option: number, value: string | Uint8Array | null): void {
    if (value !== null && typeof value !== 'string' && !(value instanceof Uint8Array)) {
      throw new TypeError('Option value must be a string or buffer')
    }
    this.#set(option, value)
  }

  #closing = false

  /** Throws at once what the arguments and the state do not allow; everything else is the promise's. */
  #blocked(address: string, work: (core: SocketCore) => Promise<void>): Promise<void> {
    checkAddress(address)
    const core = this.#core
    core.check()
    core.block()
    return this.#unblocked(core, work)
  }

  async #unblocked(core: SocketCore, work: (core: SocketCore) => Promise<void>): Promise<void> {
    try {
      await work(core)
    } finally {
      core.unblock()
      if (this.#closing) core.close()
    }
  }

  #get(option: number): OptionInput {
    if (typeof option !== 'number') throw new TypeError('Identifier must be a number')
    this.#checkOpen()
    return this.#core.settings.get(option)
  }

  #set(option: number, value: OptionInput): void {
    if (typeof option !== 'number') throw new TypeError('Identifier must be a number')
    this.#checkOpen()
    this.#core.settings.set(option, value)
  }

  #checkOpen(): void {
    if (this.#core.state === 'closed') throw new ZmqError('ENOTSOCK')
  }

  #setNumber(option: number, value: number): void {
    if (typeof value !== 'number') throw new TypeError('Option value must be a number')
    this.#set(option, value)
  }
}

/** The inside of a socket, for the other files of this package. */
export function internals(socket: object): SocketCore {
  const core = CORES.get(socket)
  if (core === undefined) throw new TypeError('Socket must be a socket object')
  return core
}

/** How long an operation waits. */
export interface WaitOptions {
  /** Ends the wait: the operation rejects with the signal's reason, nothing was sent, and what comes goes to the next receive. */
  readonly signal?: AbortSignal | undefined
}

const PATIENT: WaitOptions = {}
const CORES = new WeakMap<object, SocketCore>()
/** A socket that nobody refers to any more is closed, as with the `zeromq` package: its queue lingers, its place is free. */
const FORGOTTEN = new FinalizationRegistry<SocketCore>(core => core.forget())
const DONE = { value: undefined, done: true } as const

function checkAddress(address: unknown): void {
  if (typeof address !== 'string') throw new TypeError('Address must be a string')
}

/** A message in any of the forms that applications may give, as parts; what is neither octets nor text becomes text. */
function outgoing(message: unknown): Outgoing {
  if (message instanceof Uint8Array || typeof message === 'string') return message
  if (message === undefined) throw new TypeError('Message must be present')
  if (!Array.isArray(message)) return part(message)
  const parts = message as unknown[]
  if (parts.length === 0) return NOTHING
  for (let i = 0; i < parts.length; i++) {
    const given = parts[i]
    if (!(given instanceof Uint8Array) && typeof given !== 'string') return Array.from(parts, part)
  }
  return parts as Part[]
}

function part(given: unknown): Part {
  if (given instanceof Uint8Array || typeof given === 'string') return given
  if (given === null) return EMPTY
  if (ArrayBuffer.isView(given)) return new Uint8Array(given.buffer, given.byteOffset, given.byteLength)
  if (given instanceof ArrayBuffer || given instanceof SharedArrayBuffer) return new Uint8Array(given)
  // oxlint-disable-next-line typescript/no-base-to-string, typescript/restrict-template-expressions -- whatever else is given is sent as its text, as the zeromq package does; a symbol has none and throws
  return `${given as string}`
}

const EMPTY = Buffer.alloc(0)

/** A message of no frames: there is nothing to send, and that succeeds, as with the `zeromq` package. */
const NOTHING: readonly Part[] = []

function nothing(core: SocketCore): Promise<void> {
  core.check()
  return Promise.resolve()
}

function destination(options: object | undefined): Destination {
  if (options === undefined) return undefined
  const { routingId, group } = options as { routingId?: number; group?: string | Uint8Array }
  return routingId ?? group
}

function triedNow(core: SocketCore, message: Outgoing, to: Destination): boolean {
  if (message === NOTHING) {
    core.check()
    return true
  }
  const sent: Sent = core.trySend(message, to)
  if (sent === 'accept' || sent === 'drop') return true
  if (sent === 'full') return false
  throw new ZmqError(sent)
}

function doneOrThrow(core: SocketCore, error: unknown): { value: undefined; done: true } {
  if (core.state === 'closed' && (error as { code?: unknown }).code === 'EAGAIN') return DONE
  throw error
}
