import type { ContextCore, Member } from './context-core.ts'
import { Crowd } from './crowd.ts'
import { Endpoints } from './endpoints.ts'
import type { EngineOptions } from './engine/engine.ts'
import { errorNumber, ZmqError } from './errors.ts'
import type { InprocEnd } from './inproc.ts'
import type { ZapRequest, ZapVerdict } from './mechanism/mechanism.ts'
import type { Monitor, MonitorEvent } from './monitor.ts'
import { PatternHost } from './pattern-host.ts'
import { createPattern } from './pattern/create.ts'
import type { Incoming, Outgoing, Pattern, Peer, Sent } from './pattern/pattern.ts'
import type { Frames } from './pipe/frames.ts'
import type { PackedMessages } from './pipe/packed-messages.ts'
import { Pipe } from './pipe/pipe.ts'
import { Queue } from './pipe/queue.ts'
import type { QueueEvents } from './pipe/queue-events.ts'
import type { FlushPolicy, Scheduler } from './scheduler.ts'
import { Security } from './security.ts'
import { isFramesAlone, takeMany, takePacked } from './receive-many.ts'
import type { SessionHost } from './session-host.ts'
import type { Session } from './session.ts'
import { SocketOptions } from './socket-options.ts'
import { conflates, type TypeName } from './socket-types.ts'
import { Receiving, Waiter } from './waiter.ts'
import { Waiters } from './waiters.ts'
import { acceptsPeer } from './wire/socket-type.ts'

/** Where SERVER, PEER and RADIO send to. */
export type Destination = number | string | Uint8Array | undefined

type Sending = Waiter<void> & { message?: Outgoing; to?: Destination }
type State = 'open' | 'blocked' | 'terminated' | 'closed'

/** A socket without its public face: a pattern over pipes, and who waits for what. */
export class SocketCore implements SessionHost, InprocEnd, Member {
  readonly context: ContextCore
  readonly type: TypeName
  readonly pattern: Pattern
  readonly settings: SocketOptions
  readonly endpoints: Endpoints
  readonly security: Security
  readonly pipes: Set<Pipe> = new Set()
  readonly handshakes: Set<object> = new Set()
  readonly crowd: Crowd = new Crowd()
  monitor: Monitor | undefined
  /** Messages that were dropped when their time to linger was over, or with their connection. */
  dropped = 0
  /** Set by what blocks it for long, a proxy: what to do when it is to be closed meanwhile. */
  closeAsked: (() => void) | undefined
  #state: State = 'open'
  #forgotten = false
  #sending: Sending | undefined
  #receiving: { give(message: Incoming): void; fail(error: unknown): void } | undefined
  readonly #host: PatternHost

  /** `internal`: not a socket of the application, so that it counts nowhere. Throws EMFILE and ETERM. */
  constructor(context: ContextCore, type: TypeName, options: { internal?: boolean } = {}) {
    if (options.internal !== true) context.admit(this)
    this.context = context
    this.type = type
    this.#awaitRoom = new Waiters(context.scheduler)
    this.#awaitWritable = new Waiters(context.scheduler)
    this.#awaitReadable = new Waiters(context.scheduler, () => this.settings.values.busyPoll)
    this.settings = new SocketOptions(this, context)
    this.security = new Security(this)
    this.endpoints = new Endpoints(this)
    this.#host = new PatternHost({
      options: this.settings.forPattern,
      slabs: context.slabs,
      closePeer: (pipe, reason) => this.endpoints.reject(pipe, reason),
      changed: () => this.#wake(),
      random: () => this.security.random(),
    })
    this.pattern = createPattern(type, this.#host)
  }

  get state(): State {
    return this.#state
  }

  /** Throws EBADF once closed, ETERM once its context is shut down and EBUSY during a bind or unbind. */
  check(): void {
    if (this.#state === 'open') return
    if (this.#state !== 'blocked') throw new ZmqError(GONE[this.#state])
    throw new ZmqError('EBUSY', { message: 'Socket is blocked by a bind or unbind operation' })
  }

  // ---- sending

  /** Sends, waiting for room as SNDTIMEO says. Throws at once what `check` throws, and EBUSY while another send waits. */
  send(message: Outgoing, to: Destination, signal?: AbortSignal): Promise<void> {
    if (this.#state !== 'open') this.check()
    if (this.#sending !== undefined) {
      throw new ZmqError('EBUSY', {
        message: 'Socket is busy writing; only one send operation may be in progress at any time',
      })
    }
    const sent = this.pattern.send(message, to as number)
    if (sent === 'accept' || sent === 'drop') {
      if (this.#receiving !== undefined) this.#wakeReceiver()
      return this.context.scheduler.spend() ?? DONE
    }
    return this.#sendLater(sent, message, to, signal)
  }

  /** Waits for room, as SNDTIMEO says. For itself because of its closures, as `after`. */
  #sendLater(sent: Sent, message: Outgoing, to: Destination, signal: AbortSignal | undefined): Promise<void> {
    const timeout = this.settings.values.sendTimeout
    const waits = timeout !== 0 && (sent === 'full' || sent === 'EFSM') && !this.pattern.canSend
    const refusal = sent === 'full' ? 'EAGAIN' : sent
    if (!waits) return Promise.reject(new ZmqError(refusal))
    signal?.throwIfAborted()
    this.context.scheduler.hold()
    const waiter: Sending = new Waiter<void>(() => {
      this.#sending = undefined
      this.#rested()
    })
    waiter.message = Array.isArray(message) ? message.slice() : message
    waiter.to = to
    waiter.bound(timeout, () => new ZmqError(refusal), signal)
    this.#sending = waiter
    return waiter.promise
  }

  /** Sends if that is possible now. Throws what `check` throws. */
  trySend(message: Outgoing, to: Destination): Sent {
    if (this.#state !== 'open') this.check()
    if (this.#sending !== undefined) return 'full'
    const sent = this.pattern.send(message, to as number)
    if (sent === 'accept' && this.#receiving !== undefined) this.#wakeReceiver()
    return sent
  }

  /** Sends of many messages what can be sent at once, from index `from` on. Answers how many; `trySend` tells why not the next. */
  sendSome(messages: readonly unknown[], from: number): number {
    return this.#state === 'open' && this.#sending === undefined ? (this.pattern.sendMany?.(messages, from) ?? 0) : 0
  }

  #wakeSender(): void {
    const waiter = this.#sending
    if (waiter === undefined || waiter.message === undefined) return
    const sent = this.pattern.send(waiter.message, waiter.to as number)
    if (sent === 'accept' || sent === 'drop') waiter.settle()
    else if (sent !== 'full' && sent !== 'EFSM') waiter.fail(new ZmqError(sent))
  }

  // ---- receiving

  /** The next message; waits as RCVTIMEO says. */
  receive(signal?: AbortSignal): Promise<Incoming> {
    const message = this.tryReceive()
    return message === undefined ? this.#wait(IDENTITY, signal) : this.#settled(message)
  }

  /** The next message as an iterator's result; done once the socket is closed. */
  next(): Promise<IteratorResult<Incoming, undefined>> {
    if (this.#state === 'closed') return Promise.resolve({ value: undefined, done: true })
    const value = this.tryReceive()
    if (value === undefined) return this.#wait(RESULT)
    const yielding = this.context.scheduler.spend()
    // Where the shape of what a promise resolves to is seen in the call, nobody has to look for a `then` on it.
    return yielding === undefined ? Promise.resolve({ value, done: false }) : after(yielding, RESULT(value))
  }

  /** The next message if there is one. Throws what `check` throws. */
  tryReceive(): Incoming | undefined {
    if (this.#state !== 'open') this.check()
    if (this.#receiving !== undefined) return undefined
    const message = this.pattern.receive()
    if (message !== undefined && this.#sending !== undefined) this.#wakeSender()
    return message
  }

  /** The next message as `describe` sees it, with who sent it; waits as RCVTIMEO says. */
  receiveWith<T>(describe: (message: Incoming, peer: Peer | undefined) => T, signal?: AbortSignal): Promise<T> {
    return this.#take(message => describe(message, this.pattern.last), signal)
  }

  /** Up to `max` messages, at least one; waits for the first as RCVTIMEO says. */
  receiveMany(max: number, signal?: AbortSignal): Promise<Incoming[]> {
    return this.#take(first => {
      const batch = [first]
      takeMany(batch, this.pattern, max)
      return batch
    }, signal)
  }

  /** As `receiveMany`, in one piece of memory; ENOTSUP on types whose messages have more to them than octets. */
  receivePacked(max: number, signal?: AbortSignal): Promise<PackedMessages> {
    if (this.#state !== 'open') this.check()
    if (!isFramesAlone(this.type)) return Promise.reject(new ZmqError('ENOTSUP'))
    const { bodies } = this.context.slabs
    const packed = this.#receiving === undefined ? takePacked(this.pattern, max, bodies) : undefined
    if (packed === undefined) return this.#wait(first => takePacked(this.pattern, max, bodies, first)!, signal) // of one
    if (this.#sending !== undefined) this.#wakeSender()
    return this.#settled(packed)
  }

  /** Whether a receive waits. */
  get isReceiving(): boolean {
    return this.#receiving !== undefined
  }

  #take<T>(wrap: (message: Incoming) => T, signal?: AbortSignal): Promise<T> {
    if (this.#state !== 'open') this.check()
    const message = this.#receiving === undefined ? this.pattern.receive() : undefined
    if (message === undefined) return this.#wait(wrap, signal)
    const value = wrap(message)
    if (this.#sending !== undefined) this.#wakeSender()
    return this.#settled(value)
  }

  /** What was received at once; it settles later where others have to get their turn. */
  #settled<T>(value: T): Promise<T> {
    const yielding = this.context.scheduler.spend()
    return yielding === undefined ? Promise.resolve(value) : after(yielding, value)
  }

  /** Waits for a message, because there is none. */
  #wait<T>(wrap: (message: Incoming) => T, signal?: AbortSignal): Promise<T> {
    if (this.#receiving !== undefined) {
      throw new ZmqError('EBUSY', {
        message: 'Socket is busy reading; only one receive operation may be in progress at any time',
      })
    }
    const { receiveTimeout: timeout, busyPoll } = this.settings.values
    const { barred } = this.pattern
    // On a type that never receives the `zeromq` package waits for ever.
    if (timeout === 0 || barred === 'ENOTSUP') return Promise.reject(new ZmqError(barred ?? 'EAGAIN'))
    if (signal?.aborted === true) return Promise.reject(signal.reason as Error)
    this.context.scheduler.hold(busyPoll)
    const receiving = new Receiving(wrap, this.#received)
    receiving.waiter.bound(timeout, this.#refused, signal)
    this.#receiving = receiving
    return receiving.waiter.promise
  }

  readonly #refused = (): ZmqError => new ZmqError(this.pattern.barred ?? 'EAGAIN')
  readonly #received = (): void => {
    this.#receiving = undefined
    this.#rested()
  }

  #wakeReceiver(): void {
    const receiving = this.#receiving
    const message = receiving === undefined ? undefined : this.pattern.receive()
    if (receiving === undefined || message === undefined) return
    receiving.give(message)
    if (this.#sending !== undefined) this.#wakeSender()
  }

  /** Resolves when a send would not be refused; rejects when the socket is closed or the signal aborts. */
  whenWritable(signal?: AbortSignal): Promise<void> {
    return this.#until(this.pattern.canSend, this.#awaitWritable, signal)
  }

  /** Resolves when a receive would give a message; rejects when the socket is closed or the signal aborts. */
  whenReadable(signal?: AbortSignal): Promise<void> {
    return this.#until(this.pattern.canReceive, this.#awaitReadable, signal)
  }

  /**
   * Resolves when a peer has room again, or is gone: for PUB and XPUB under NODROP and ROUTER under MANDATORY, which can
   * always send and are still refused.
   */
  whenRoom(signal?: AbortSignal): Promise<void> {
    return this.#until(false, this.#awaitRoom, signal)
  }

  readonly #awaitRoom: Waiters
  readonly #awaitWritable: Waiters
  readonly #awaitReadable: Waiters
  readonly #awaitClose = new Waiters()

  #until(now: boolean, waiters: Waiters, signal: AbortSignal | undefined): Promise<void> {
    if (this.#state !== 'open' && this.#state !== 'blocked') return Promise.reject(new ZmqError(GONE[this.#state]))
    return now ? (this.context.scheduler.spend() ?? DONE) : waiters.wait(signal)
  }

  #wake(): void {
    if (this.#sending !== undefined) this.#wakeSender()
    if (this.#receiving !== undefined) this.#wakeReceiver()
    if (this.#awaitWritable.any && this.pattern.canSend) this.#awaitWritable.settle()
    if (this.#awaitReadable.any && this.pattern.canReceive) this.#awaitReadable.settle()
  }

  // ---- closing

  block(): void {
    this.#state = 'blocked'
  }

  unblock(): void {
    if (this.#state === 'blocked') this.#state = this.context.isOpen ? 'open' : 'terminated'
    if (this.#forgotten) this.forget()
  }

  /** Nobody can use it any more who does not wait for it now: closes it after that. */
  forget(): void {
    this.#forgotten = true
    if (this.#state !== 'blocked' && !(this.#sending ?? this.#receiving)) this.close()
  }

  /** An operation does not wait any more. */
  #rested(): void {
    this.context.scheduler.release()
    if (this.#forgotten) queueMicrotask(() => this.forget())
  }

  /** Ends the socket: nothing is received any more, what is queued is sent within LINGER. Safe twice. */
  close(code: 'EAGAIN' | 'ETERM' = 'EAGAIN'): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.#failWaits(code)
    this.#awaitClose.settle()
    this.context.closing(this)
    this.endpoints.close(this.settings.values.linger, () => {
      this.#host.rest()
      this.context.leave(this)
      this.monitor?.stop()
    })
  }

  /** Resolves when the socket is closed (it may linger still); rejects when the signal aborts. */
  whenClosed(signal?: AbortSignal): Promise<void> {
    return this.#state === 'closed' ? DONE : this.#awaitClose.wait(signal)
  }

  terminate(): void {
    if (this.#state === 'open') this.#state = 'terminated'
    this.#failWaits('ETERM')
    this.closeAsked?.()
  }

  #failWaits(code: 'EAGAIN' | 'ETERM'): void {
    this.#sending?.fail(new ZmqError(code))
    this.#receiving?.fail(new ZmqError(code))
    for (const waiters of [this.#awaitRoom, this.#awaitWritable, this.#awaitReadable]) waiters.fail(new ZmqError(code))
  }

  // ---- what sessions and inproc connections need

  get scheduler(): Scheduler {
    return this.context.scheduler
  }

  get frames(): Frames {
    return this.context.frames
  }

  get commands(): boolean {
    return this.pattern.commands
  }

  get flushPolicy(): FlushPolicy {
    return this.settings.values.flushPolicy as FlushPolicy
  }

  get speaksZmtp(): boolean {
    return this.type !== 'STREAM'
  }

  get linger(): number {
    return this.settings.values.linger
  }

  taken(name: string): void {
    const endpoint = `inproc://${name}`
    const detail = `${endpoint} is bound in another thread, too`
    this.report({ type: 'BIND_FAILED', value: errorNumber('EADDRINUSE'), endpoint, detail })
    process.emitWarning(detail, { code: 'EADDRINUSE' })
  }

  get hello(): Uint8Array | null {
    return this.settings.values.helloMessage
  }

  get routingId(): Uint8Array {
    return this.settings.values.routingId ?? NOTHING
  }

  get marks(): { send: number; receive: number; conflate: boolean } {
    const { sendHighWaterMark: send, receiveHighWaterMark: receive, conflate } = this.settings.values
    return { send, receive, conflate: conflate && conflates(this.type) }
  }

  createPipe(session: Session, out: QueueEvents, into: QueueEvents): Pipe<Queue> {
    const { send, receive, conflate } = this.marks
    const { slabs, frames } = this.context
    return new Pipe(
      { out: new Queue(slabs, out, { mark: send, conflate }), in: new Queue(slabs, into, { mark: receive, conflate }) },
      session,
      { frames, side: session.side, datagrams: session.options.datagrams },
    )
  }

  attach(pipe: Pipe): boolean {
    const wanted = this.settings.takeConnectRoutingId(pipe.side)
    const verdict = this.pattern.attach(pipe, wanted)
    if (typeof verdict === 'object') return false
    this.pipes.add(pipe)
    if (this.#state === 'open') this.#wake()
    return true
  }

  linked(pipe: Pipe): boolean {
    const verdict = this.pattern.linked(pipe)
    this.#wake()
    return typeof verdict !== 'object'
  }

  unlinked(pipe: Pipe): void {
    this.pattern.unlinked(pipe)
    this.#wake()
  }

  detach(pipe: Pipe): void {
    this.pipes.delete(pipe)
    this.pattern.detach(pipe)
    this.#awaitRoom.settle()
    this.#wake()
  }

  readable(pipe: Pipe): void {
    this.pattern.readable(pipe)
    this.#wake()
  }

  writable(pipe: Pipe): void {
    this.pattern.writable(pipe)
    if (this.#awaitRoom.any) this.#awaitRoom.settle()
    this.#wake()
  }

  accepts(peer: InprocEnd): boolean {
    const other = (peer as SocketCore).type
    return this.type !== 'STREAM' && other !== 'STREAM' && acceptsPeer(this.type, other)
  }

  /** Octets of the largest frame that is accepted. */
  get largestFrame(): number {
    const { maxMessageSize } = this.settings.values
    return maxMessageSize < 0 ? LARGEST_FRAME : Math.min(maxMessageSize, LARGEST_FRAME)
  }

  readonly #later = (step: () => void): void => this.context.scheduler.handshake(step)

  engineOptions(): EngineOptions {
    const { values } = this.settings
    const { slabs, scratch } = this.context
    return {
      handshake: this.speaksZmtp ? this.security.handshake() : undefined,
      chunk: values.inBatchSize,
      limits: {
        frame: this.largestFrame,
        parts: values.maxParts,
        message: values.maxMultipartSize,
        command: LARGEST_COMMAND,
      },
      slabs,
      scratch,
      ...(this.security.mechanism === 'CURVE' && values.curveServer ? { later: this.#later } : {}),
    }
  }

  zap(request: ZapRequest, peer: { address: string; signal: AbortSignal }): ZapVerdict | Promise<ZapVerdict> {
    return this.security.ask(request, peer.address, peer.signal)
  }

  report(event: MonitorEvent): void {
    this.monitor?.report(event)
  }

  ended(session: Session, dropped: number): void {
    this.dropped += dropped
    this.endpoints.ended(session)
  }
}

const DONE: Promise<void> = Promise.resolve()
const GONE = { closed: 'EBADF', terminated: 'ETERM' } as const
const NOTHING = new Uint8Array(0)
/** No frame may be larger than a Buffer can be. */
const LARGEST_FRAME = 0xffff_ffff
/** Octets of one command after the handshake: a topic is the only part that varies. */
const LARGEST_COMMAND = 1024 * 1024

/** A function of its own, because whoever makes a closure pays for its variables with each call, and most calls make none. */
function after<T>(yielding: Promise<void>, value: T): Promise<T> {
  return yielding.then(() => value)
}

const IDENTITY = (message: Incoming): Incoming => message
const RESULT = (message: Incoming): IteratorResult<Incoming, undefined> => ({ value: message, done: false })
