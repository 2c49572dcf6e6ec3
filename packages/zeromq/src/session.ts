import { Engine, type EngineEvents } from './engine/engine.ts'
import type { HandshakeFailure, PeerProperties, ZapRequest, ZapVerdict } from './mechanism/mechanism.ts'
import type { Pipe } from './pipe/pipe.ts'
import type { Queue } from './pipe/queue.ts'
import { ProcessHold } from './process-hold.ts'
import { Reconnection } from './reconnection.ts'
import type { Flushable } from './scheduler.ts'
import type { Connecting, Link, Receiver, ConnectEvents } from './transport/transport.ts'
import { errorNumber } from './errors.ts'
import type { Protocol } from './wire/greeting.ts'
import { handshakeFailed } from './handshake-failed.ts'
import { Heartbeat } from './heartbeat.ts'
import type { SessionHost, SessionOptions } from './session-host.ts'
import { Incoming, Outgoing } from './session-queues.ts'

type State =
  | { is: 'connecting'; connecting: Connecting | undefined }
  | { is: 'shaking'; link: Link; engine: Engine; timer: NodeJS.Timeout | undefined }
  | { is: 'open'; link: Link; engine: Engine; heartbeat: Heartbeat | undefined }
  | { is: 'failing'; link: Link; engine: Engine; after: 'end' | 'reconnect' }
  | { is: 'waiting'; timer: NodeJS.Timeout }
  | { is: 'closed' }

/**
 * One peer of a socket over one link after another: link + engine + pipe. A connecting session comes back until it is
 * closed or the peer breaks the protocol; an accepted one ends with its link.
 */
export class Session implements Flushable, EngineEvents, Receiver {
  scheduled = false
  readonly side: 'bind' | 'connect'
  readonly options: SessionOptions
  readonly #host: SessionHost
  readonly #dial: ((events: ConnectEvents) => Connecting) | undefined
  readonly #reconnection: Reconnection | undefined
  #state: State
  #pipe: Pipe<Queue> | undefined
  #attached = false
  #writing = false
  #flushing = false
  readonly #processHold: ProcessHold
  /** It lingers; `last`: on this connection alone. */
  #closing: { timer: NodeJS.Timeout | undefined; last: boolean } | undefined
  #engine: Engine | undefined
  /** A handler is asked about the peer. */
  #asking: AbortController | undefined

  private constructor(
    host: SessionHost,
    options: SessionOptions,
    dial: ((events: ConnectEvents) => Connecting) | undefined,
  ) {
    this.#host = host
    this.options = options
    this.#dial = dial
    this.side = dial === undefined ? 'bind' : 'connect'
    this.#reconnection = dial === undefined ? undefined : new Reconnection(options)
    this.#processHold = new ProcessHold(host.scheduler)
    this.#state = { is: 'connecting', connecting: undefined }
    host.scheduler.join(this)
  }

  /** A session that opens its connections itself. `dial` throws for an address that can never be right. */
  static connect(host: SessionHost, options: SessionOptions, dial: (events: ConnectEvents) => Connecting): Session {
    const session = new Session(host, options, dial)
    if (!options.immediate) session.#attach(session.#makePipe())
    try {
      session.#connect()
    } catch (error) {
      session.#finish()
      throw error
    }
    return session
  }

  /** A session for a connection that a listener has accepted. */
  static accept(host: SessionHost, options: SessionOptions, link: Link): Session {
    const session = new Session(host, options, undefined)
    session.#begin(link)
    return session
  }

  get pipe(): Pipe | undefined {
    return this.#pipe
  }

  /** Writes what there is, as far as the link takes it. */
  flush(): void {
    const state = this.#state
    if (state.is !== 'open' && state.is !== 'shaking' && state.is !== 'failing') return
    // Taking from the queue makes room, so that a waiting sender writes and comes back here.
    if (this.#flushing) return
    this.#flushing = true
    const outlet = state.engine.outlet
    while (!this.#writing && !outlet.empty && !outlet.broken) {
      const chunks: Uint8Array[] = []
      outlet.take(chunks)
      if (chunks.length === 0) {
        outlet.written()
        continue
      }
      this.#processHold.refresh()
      if (state.link.write(chunks)) outlet.written()
      else this.#writing = true
    }
    this.#flushing = false
    if (outlet.broken) return this.#lost({ code: 'EFAULT', message: 'a message was changed before it was sent' })
    this.#settle()
  }

  flushAtExit(): void {
    this.flush()
  }

  /** Something was read from the pipe. */
  drained(): void {
    const state = this.#state
    if (this.#engine?.parked !== true || state.is !== 'open') return
    const queue = this.#pipe?.in
    if (queue === undefined || queue.length > queue.mark >> 1) return
    if (state.engine.resume()) state.link.resume()
  }

  /**
   * Ends the session: what is queued is still sent for `linger` milliseconds (-1: without limit), nothing is received any
   * more. `disconnect`: the user gave up this one peer, and RECONNECT_STOP may say not to look for it again.
   */
  close(linger: number, why: 'close' | 'disconnect' = 'close'): void {
    if (this.#state.is === 'closed' || this.#closing !== undefined) return
    const pipe = this.#pipe
    const last = why === 'disconnect' && (this.options.reconnectStop & 4) !== 0
    this.#detach('keep')
    if (linger === 0 || pipe === undefined || this.#nothingLeft()) return this.#end()
    if (last && this.#state.is === 'waiting') return this.#end()
    const timer = linger > 0 ? setTimeout(() => this.#end(), linger) : undefined
    this.#closing = { timer, last }
    this.flush()
  }

  /** The pattern wants this connection closed. A connecting session comes back. */
  reject(reason: string): void {
    this.#lost({ code: 'EPROTO', message: reason })
  }

  #makePipe(): Pipe<Queue> {
    const pipe = this.#host.createPipe(this, new Outgoing(this), new Incoming(this))
    this.#pipe = pipe
    return pipe
  }

  /** Gives the pipe to the pattern; false: it is refused. */
  #attach(pipe: Pipe): boolean {
    this.#attached = true
    this.#attached = this.#host.attach(pipe)
    return this.#attached
  }

  #connect(): void {
    const dial = this.#dial
    if (dial === undefined) return
    const { endpoint } = this.options
    const state: State = { is: 'connecting', connecting: undefined }
    this.#state = state
    state.connecting = dial({
      connected: link => {
        if (this.#state !== state) return link.destroy()
        this.#host.report({ type: 'CONNECTED', value: link.fd, ...this.#ends(link) })
        this.#reconnection?.succeeded()
        this.#begin(link)
      },
      failed: error => {
        if (this.#state !== state) return
        this.#host.report({ type: 'CLOSED', value: 0, endpoint })
        const refused = error.code === 'ECONNREFUSED' && (this.options.reconnectStop & 1) !== 0
        if (refused) this.#terminate()
        else this.#retry()
      },
    })
    state.connecting.unref()
    this.#host.report({ type: 'CONNECT_DELAYED', value: errorNumber('EINPROGRESS'), endpoint })
  }

  #begin(link: Link): void {
    const engine = new Engine(this.options.engine, this)
    this.#engine = engine
    const { handshakeInterval } = this.options
    const timer =
      handshakeInterval > 0
        ? setTimeout(() => this.#lost({ code: 'ETIMEDOUT', message: 'the handshake took too long' }), handshakeInterval)
        : undefined
    timer?.unref()
    this.#state = { is: 'shaking', link, engine, timer }
    if (this.side === 'bind') this.#host.handshakes.add(this)
    this.#writing = false
    link.unref()
    link.start(this)
    engine.begin()
    this.flush()
  }

  /** The handshake is over, one way or the other. */
  #shaken(timer: NodeJS.Timeout | undefined): void {
    clearTimeout(timer)
    this.#asking?.abort()
    this.#asking = undefined
    this.#host.handshakes.delete(this)
  }

  // ---- what the link does; it says nothing any more once it was ended or destroyed

  space(): Uint8Array {
    return this.#engine!.space() // there is one while there is a link
  }

  filled(size: number): boolean {
    try {
      return this.#engine!.filled(size) // there is one while there is a link
    } catch (error) {
      return this.#exhausted(error)
    }
  }

  push(chunk: Uint8Array): boolean {
    try {
      return this.#engine!.push(chunk) // there is one while there is a link
    } catch (error) {
      return this.#exhausted(error)
    }
  }

  /** No memory for what this peer sends: that ends its connection, and not the process. */
  #exhausted(error: unknown): false {
    if (!(error instanceof RangeError)) throw error
    this.#lost({ code: 'ENOMEM', message: error.message })
    return false
  }

  written(): void {
    this.#engine?.outlet.written()
    this.#writing = false
    this.flush()
  }

  closed(error: NodeJS.ErrnoException | undefined): void {
    this.#lost(error ?? { code: 'EPIPE', message: 'the peer closed the connection' })
  }

  // ---- what the engine tells

  output(): void {
    this.#host.scheduler.add(this)
  }

  resumed(): void {
    const state = this.#state
    if (state.is === 'open' || state.is === 'shaking') state.link.resume()
  }

  authenticate(request: ZapRequest, token: number): void {
    const state = this.#state
    if (state.is !== 'shaking') return
    const { engine, link } = state
    const { signal } = (this.#asking ??= new AbortController())
    const verdict = this.#host.zap(request, { address: link.peerAddress, signal })
    // Within the engine's own call the answer has to wait for its end.
    void Promise.resolve(verdict)
      .catch((): ZapVerdict => ({ is: 'reply', status: 500 }))
      .then(answer => {
        engine.authenticated(token, answer)
      })
  }

  timeToLive(milliseconds: number): void {
    const state = this.#state
    if (state.is !== 'open') return
    state.heartbeat ??= this.#beat(state.engine)
    state.heartbeat.peerWants(milliseconds)
  }

  #beat(engine: Engine): Heartbeat {
    return new Heartbeat(this.options, engine, () =>
      this.#lost({ code: 'ETIMEDOUT', message: 'the peer was silent for too long' }),
    )
  }

  ready(peer: PeerProperties, protocol: Protocol): void {
    const state = this.#state
    if (state.is !== 'shaking') return
    const { engine } = state
    this.#shaken(state.timer)
    const { link } = state
    const host = this.#host
    const { options } = this
    const heartbeat = options.heartbeatInterval > 0 ? this.#beat(engine) : undefined
    this.#state = { is: 'open', link, engine, heartbeat }
    if (host.speaksZmtp) host.report({ type: 'HANDSHAKE_SUCCEEDED', value: 0, ...this.#ends(link) })
    if (this.#pipe === undefined && this.#closing !== undefined) return this.#refuse('the socket is closing')
    const pipe = this.#pipe ?? this.#makePipe()
    pipe.identity = Buffer.from(peer.routingId)
    pipe.address = link.peerAddress
    pipe.properties = peer.properties
    pipe.linked = true
    engine.open({ in: pipe.in, out: pipe.out }, host.commands)
    if (host.hello !== null) engine.outlet.message(host.hello)
    if (!this.#attached && this.#closing === undefined && !this.#attach(pipe)) {
      return this.#refuse('the socket has its peer already')
    }
    if (this.#attached && !host.linked(pipe)) return this.#refuse('the socket refuses this peer')
    // A SUB of those days never says what it wants, and filters by itself.
    if (host.commands && protocol.startsWith('1')) pipe.in.inject(SUBSCRIBE_ALL)
    host.scheduler.add(this)
  }

  #refuse(reason: string): void {
    // From within the engine's call: the connection goes at the end of it.
    queueMicrotask(() => this.#lost({ code: 'EPROTO', message: reason }))
  }

  /** The engine gave up: what it still wants to say is said, then the link is ended. */
  failed(failure: HandshakeFailure, during: 'handshake' | 'traffic'): void {
    const state = this.#state
    if (state.is !== 'shaking' && state.is !== 'open') return
    const { link, engine } = state
    if (state.is === 'shaking') this.#shaken(state.timer)
    const ends = this.#ends(link)
    if (during === 'handshake') this.#host.report(handshakeFailed(failure, ends))
    this.#host.report({ type: 'DISCONNECTED', value: link.fd, detail: failure.message, ...ends })
    if (state.is === 'open') state.heartbeat?.stop()
    const comesBack = this.side === 'connect' && failure.is === 'auth' && failure.status === 300
    const stopped = during === 'handshake' && (this.options.reconnectStop & 2) !== 0
    this.#state = { is: 'failing', link, engine, after: comesBack && !stopped ? 'reconnect' : 'end' }
    queueMicrotask(() => {
      if (this.#state.is !== 'failing') return
      this.flush()
      if (!this.#writing) this.#afterFailure()
    })
  }

  #afterFailure(): void {
    const state = this.#state
    if (state.is !== 'failing') return
    this.#hangUp(state.link, state.engine)
    if (state.after === 'reconnect') this.#retry()
    else this.#terminate()
  }

  /** The connection is gone, or has to go. */
  #lost(error: { code?: string | undefined; message: string }): void {
    const state = this.#state
    if (state.is !== 'open' && state.is !== 'shaking' && state.is !== 'failing') return
    const { link, engine } = state
    const ends = this.#ends(link)
    if (state.is === 'shaking') {
      this.#shaken(state.timer)
      this.#host.report({
        type: 'HANDSHAKE_FAILED_NO_DETAIL',
        value: errorNumber(error.code ?? 'EPIPE'),
        detail: error.message,
        ...ends,
      })
    }
    if (state.is !== 'failing') this.#host.report({ type: 'DISCONNECTED', value: link.fd, ...ends })
    this.#hangUp(link, engine, 'destroy')
    if (state.is === 'failing' && state.after === 'end') return this.#terminate()
    const stop = state.is === 'shaking' && (this.options.reconnectStop & 2) !== 0
    if (this.side === 'bind' || stop) return this.#terminate()
    this.#retry()
  }

  #ends(link: Link): { endpoint: string; local: string; remote: string } {
    return { endpoint: this.options.endpoint, local: link.local, remote: link.remote }
  }

  #hangUp(link: Link, engine: Engine, how: 'end' | 'destroy' = 'end'): void {
    if (this.#state.is === 'open') this.#state.heartbeat?.stop()
    if (this.#state.is === 'shaking') this.#shaken(this.#state.timer)
    this.#writing = false
    if (how === 'end') link.end()
    else link.destroy()
    engine.close()
    this.#engine = undefined
    const pipe = this.#pipe
    if (pipe !== undefined && pipe.linked) {
      pipe.linked = false
      if (this.#attached && this.side === 'connect' && !this.options.immediate) this.#host.unlinked(pipe)
    }
  }

  #retry(): void {
    if (this.options.immediate) this.#dropPipe()
    const delay = this.#reconnection?.next()
    if (delay === undefined) return this.#terminate()
    if (this.#closing !== undefined && (this.#closing.last || this.#nothingLeft())) return this.#end()
    this.#host.report({ type: 'CONNECT_RETRIED', value: delay, endpoint: this.options.endpoint })
    const timer = setTimeout(() => this.#connect(), delay)
    timer.unref()
    this.#state = { is: 'waiting', timer }
  }

  /** The end without linger: nothing will ever take what is queued. */
  #terminate(): void {
    this.#detach('drop')
    this.#end()
  }

  #dropPipe(): void {
    this.#detach('drop')
    this.#pipe = undefined
    this.#settle()
  }

  #detach(queued: 'keep' | 'drop'): void {
    const pipe = this.#pipe
    if (pipe === undefined) return
    if (this.#attached) {
      this.#attached = false
      pipe.linked = false
      this.#host.detach(pipe)
    }
    if (queued === 'drop') this.#dropped += pipe.out.close()
  }

  #dropped = 0

  #end(): void {
    const state = this.#state
    if (state.is === 'closed') return
    clearTimeout(this.#closing?.timer)
    switch (state.is) {
      case 'connecting':
        state.connecting?.cancel()
        if (this.side === 'connect') this.#host.report({ type: 'CLOSED', value: 0, endpoint: this.options.endpoint })
        break
      case 'waiting':
        clearTimeout(state.timer)
        break
      default:
        this.#hangUp(state.link, state.engine)
    }
    this.#detach('drop')
    this.#finish()
  }

  #finish(): void {
    this.#state = { is: 'closed' }
    this.#writing = false
    if (this.#pipe !== undefined) this.#dropped += this.#pipe.out.close()
    this.#settle()
    this.#host.scheduler.leave(this)
    this.#host.ended(this, this.#dropped)
  }

  #nothingLeft(): boolean {
    const state = this.#state
    if (this.#pipe !== undefined && !this.#pipe.out.empty) return false
    return state.is === 'open' || state.is === 'failing' ? !this.#writing && state.engine.outlet.empty : true
  }

  // ---- what the pipe's queues tell

  /** There is room again for messages to the peer. */
  room(): void {
    if (this.#attached && this.#pipe !== undefined) this.#host.writable(this.#pipe)
  }

  /** There is something to read from the peer. */
  arrived(): void {
    if (this.#attached && this.#pipe !== undefined) this.#host.readable(this.#pipe)
  }

  /** Something came into the queue that is sent from. */
  hold(): void {
    this.#host.scheduler.add(this, this.#host.flushPolicy)
    this.#processHold.begin(this.#host.linger)
  }

  /** Looks whether there is still a reason for the process to wait for this session, and whether a lingering one is done. */
  #settle(): void {
    if (!this.#writing && (this.#pipe === undefined || this.#pipe.out.empty)) this.#processHold.end()
    if (this.#state.is === 'failing' && !this.#writing) return this.#afterFailure()
    if (this.#closing !== undefined && this.#state.is !== 'closed' && this.#nothingLeft()) this.#end()
  }
}

/** The message by which a peer of ZMTP 1.0 is taken to subscribe to everything. */
const SUBSCRIBE_ALL = Uint8Array.of(1)
