import { asZmqError, errorNumber, ZmqError } from './errors.ts'
import type { InprocConnection } from './inproc.ts'
import type { Pipe } from './pipe/pipe.ts'
import type { SessionOptions } from './session-host.ts'
import { Session } from './session.ts'
import type { SocketCore } from './socket-core.ts'
import { connectsOnce } from './socket-types.ts'
import type { Link, LinkOptions, Listener, ListenerEvents } from './transport/transport.ts'
import { TransportError } from './transport/transport-error.ts'

interface Bound {
  /** As it was asked for. */
  readonly address: string
  readonly listener: Listener | undefined
  readonly sessions: Set<Session>
  readonly connections: Set<InprocConnection>
}

/** What a socket is bound and connected to, and everything that hangs on it. */
export class Endpoints {
  /** LAST_ENDPOINT. */
  last: string | null = null
  readonly #core: SocketCore
  readonly #bound = new Map<string, Bound>()
  readonly #sessions = new Map<string, Set<Session>>()
  readonly #connections = new Map<string, Set<InprocConnection>>()
  /** Everything that is not over, lingering included. */
  readonly #alive = new Set<Session | InprocConnection>()
  readonly #listeners = new Set<Promise<void>>()
  #closed: (() => void) | undefined

  constructor(core: SocketCore) {
    this.#core = core
  }

  /** How many addresses it is bound or connected to. */
  get count(): number {
    return this.#bound.size + this.#sessions.size + this.#connections.size
  }

  async bind(address: string): Promise<void> {
    const { scheme, rest } = split(address)
    this.#checkType(scheme, 'bind', address)
    if (scheme === 'inproc') {
      const { last } = this
      const alone = this.bindInproc(address, rest)
      if (alone === undefined || (await alone)) return
      void this.#unbindInproc(address)
      this.last = last
      throw new ZmqError('EADDRINUSE', { address })
    }
    try {
      const transport = this.#core.context.transport(scheme, address)
      const sessions = new Set<Session>()
      const { events, began } = this.#listenerEvents(sessions)
      const listener = await transport.listen(rest, this.#linkOptions(), events)
      this.#listens(address, listener, sessions)
      began(listener.endpoint)
    } catch (error) {
      throw this.#bindFailed(error, address)
    }
  }

  /** Binds before it returns; throws ENOTSUP where the transport cannot. */
  bindNow(address: string): void {
    const { scheme, rest } = split(address)
    this.#checkType(scheme, 'bind', address)
    if (scheme === 'inproc') {
      void this.bindInproc(address, rest)?.then(alone => {
        if (!alone) this.#core.context.inproc.rival(rest)
      })
      return
    }
    try {
      const transport = this.#core.context.transport(scheme, address)
      if (transport.listenNow === undefined) throw new ZmqError('ENOTSUP', { address })
      const sessions = new Set<Session>()
      const { events, began } = this.#listenerEvents(sessions)
      const listener = transport.listenNow(rest, this.#linkOptions(), events)
      this.#listens(address, listener, sessions)
      began(listener.endpoint)
    } catch (error) {
      throw this.#bindFailed(error, address)
    }
  }

  #listens(address: string, listener: Listener, sessions: Set<Session>): void {
    const { endpoint } = listener
    listener.unref()
    this.#bound.set(endpoint, { address, listener, sessions, connections: new Set() })
    this.last = endpoint
    this.#core.report({ type: 'LISTENING', value: listener.fd, endpoint, local: endpoint })
  }

  #bindFailed(error: unknown, address: string): ZmqError {
    const failure = transportError(error, address)
    this.#core.report({ type: 'BIND_FAILED', value: failure.errno, endpoint: address, detail: failure.message })
    return failure
  }

  /** Binds within this thread at once; what it answers resolves to false where another thread has the name. */
  bindInproc(address: string, name: string): Promise<boolean> | undefined {
    const core = this.#core
    const connections = new Set<InprocConnection>()
    const alone = core.context.inproc.bind(name, core, connection => {
      connections.add(connection)
      this.#alive.add(connection)
      connection.onEnd(() => {
        connections.delete(connection)
        this.#over(connection)
      })
    })
    this.#bound.set(address, { address, listener: undefined, sessions: new Set(), connections })
    this.last = address
    return alone
  }

  #unbindInproc(address: string): Promise<void> {
    const connections = this.#bound.get(address)?.connections ?? []
    this.#bound.delete(address)
    const freed = this.#core.context.inproc.unbind(split(address).rest)
    for (const connection of connections) connection.end()
    return freed
  }

  /** Stops listening, and ends the connections that came in there; throws ENOENT at once. Resolves when the address is free. */
  unbind(address: string): Promise<void> {
    const found = this.#findBound(address)
    if (found === undefined) {
      // To libzmq it is the same to end a bound and a connected endpoint.
      this.#disconnect(address)
      return Promise.resolve()
    }
    const [endpoint, bound] = found
    const freed = bound.listener === undefined ? this.#unbindInproc(endpoint) : bound.listener.close()
    this.#bound.delete(endpoint)
    const linger = this.#core.settings.values.linger
    for (const session of bound.sessions) session.close(linger)
    this.#core.report({ type: 'CLOSED', value: 0, endpoint })
    return freed
  }

  connect(address: string): Pipe | undefined {
    const { scheme, rest } = split(address)
    this.#checkType(scheme, 'connect', address)
    const core = this.#core
    const wanted = core.settings.values.connectRoutingId
    if (wanted !== null && core.pattern.ids?.peer(wanted) !== undefined) {
      core.settings.values.connectRoutingId = null
      throw new ZmqError('EADDRINUSE', { message: 'A peer has this routing id already', address })
    }
    if (scheme === 'inproc') {
      const connections = this.#connections.get(address) ?? new Set<InprocConnection>()
      const connection = core.context.inproc.connect(rest, core, over => {
        connections.delete(over)
        if (over.peerPipe === undefined) core.dropped += over.pipe.out.length
        if (connections.size === 0 && this.#connections.get(address) === connections) this.#connections.delete(address)
        this.#over(over)
      })
      connections.add(connection)
      this.#connections.set(address, connections)
      this.#alive.add(connection)
      this.last = address
      return connection.pipe
    }
    const known = this.#sessions.get(address)
    if (known !== undefined && connectsOnce(core.type)) return undefined
    try {
      const transport = core.context.transport(scheme, address)
      const options = this.#linkOptions()
      const session = Session.connect(core, this.#sessionOptions(address, scheme === 'udp'), events =>
        transport.connect(rest, options, events),
      )
      const sessions = known ?? new Set()
      sessions.add(session)
      this.#sessions.set(address, sessions)
      this.#alive.add(session)
      this.last = address
      return session.pipe
    } catch (error) {
      throw transportError(error, address)
    }
  }

  /** Ends what `connect` to this address began; throws ENOENT. */
  disconnect(address: string): void {
    if (!this.#sessions.has(address) && !this.#connections.has(address) && this.#findBound(address) !== undefined) {
      void this.unbind(address)
    } else {
      this.#disconnect(address)
    }
  }

  #disconnect(address: string): void {
    const connections = this.#connections.get(address)
    if (connections !== undefined) {
      for (const connection of connections) connection.end()
      return
    }
    const sessions = this.#sessions.get(address)
    if (sessions === undefined) throw new ZmqError('ENOENT', { address })
    this.#sessions.delete(address)
    for (const session of sessions) session.close(this.#core.settings.values.linger, 'disconnect')
  }

  /** Ends the connection of one peer. */
  reject(pipe: Pipe, reason: string): void {
    for (const member of this.#alive) {
      if (member instanceof Session) {
        if (member.pipe === pipe) return member.reject(reason)
      } else if (member.pipe === pipe || member.peerPipe === pipe) {
        return member.end()
      }
    }
  }

  /** Ends the connection of one peer for good; what is queued is sent within LINGER. */
  drop(pipe: Pipe): void {
    for (const member of this.#alive) {
      if (member instanceof Session) {
        if (member.pipe === pipe) return member.close(this.#core.settings.values.linger)
      } else if (member.pipe === pipe || member.peerPipe === pipe) {
        return member.end()
      }
    }
  }

  /** Applies changed high-water marks to every pipe. */
  adjustMarks(): void {
    const { send, receive } = this.#core.marks
    for (const member of this.#alive) {
      if (!(member instanceof Session)) {
        member.adjust()
      } else if (member.pipe !== undefined) {
        member.pipe.out.mark = send
        member.pipe.in.mark = receive
      }
    }
  }

  /** Ends everything; `done` is called when nothing lingers any more. */
  close(linger: number, done: () => void): void {
    this.#closed = done
    for (const [endpoint, bound] of this.#bound) {
      if (bound.listener === undefined) void this.#core.context.inproc.unbind(split(endpoint).rest)
      else this.#await(bound.listener.close())
      this.#core.report({ type: 'CLOSED', value: 0, endpoint })
    }
    this.#bound.clear()
    this.#sessions.clear()
    for (const member of this.#alive) {
      if (member instanceof Session) member.close(linger)
      else if (linger !== 0 && member.waits !== undefined && !member.pipe.out.empty) continue
      else member.end()
    }
    this.#settle()
  }

  /** A session is over for good. */
  ended(session: Session): void {
    for (const bound of this.#bound.values()) bound.sessions.delete(session)
    // A peer that came gets its pipe with the end of its handshake.
    if (session.side === 'bind' && session.pipe === undefined) this.#core.crowd.failed(performance.now())
    const sessions = this.#sessions.get(session.options.endpoint)
    sessions?.delete(session)
    if (sessions?.size === 0) this.#sessions.delete(session.options.endpoint)
    this.#over(session)
  }

  #over(member: Session | InprocConnection): void {
    this.#alive.delete(member)
    this.#settle()
  }

  #await(freed: Promise<void>): void {
    this.#listeners.add(freed)
    void freed.then(() => {
      this.#listeners.delete(freed)
      this.#settle()
    })
  }

  #settle(): void {
    if (this.#closed === undefined || this.#listeners.size > 0) return
    // A connect to a name that nobody binds must not keep a context from ending.
    for (const member of this.#alive) if (member instanceof Session || member.waits === undefined) return
    const done = this.#closed
    this.#closed = undefined
    done()
  }

  #listenerEvents(sessions: Set<Session>): { events: ListenerEvents; began: (endpoint: string) => void } {
    const core = this.#core
    let endpoint = ''
    // What the options are now counts for every connection that will come in here.
    let options = this.#sessionOptions('')
    const accept = (link: Link): void => {
      if (core.state === 'closed') return link.destroy()
      const ends = { endpoint, local: link.local, remote: link.remote }
      core.report({ type: 'ACCEPTED', value: link.fd, ...ends })
      const { maxConnections, maxHandshakes } = core.settings.values
      if (this.#alive.size >= maxConnections || core.handshakes.size >= maxHandshakes) {
        const detail = this.#alive.size >= maxConnections ? 'maxConnections is reached' : 'maxHandshakes is reached'
        core.report({ type: 'ACCEPT_FAILED', value: errorNumber('EMFILE'), detail, ...ends })
        return link.destroy()
      }
      const session = Session.accept(core, options, link)
      sessions.add(session)
      this.#alive.add(session)
    }
    const early: Link[] = []
    return {
      events: {
        accepted: link => {
          if (endpoint === '') early.push(link)
          else accept(link)
        },
        failed: error => {
          const failure = transportError(error, endpoint)
          core.report({ type: 'ACCEPT_FAILED', value: failure.errno, endpoint, detail: failure.message })
        },
        crowded: () => core.crowd.crowded(performance.now()),
      },
      began: name => {
        endpoint = name
        options = { ...options, endpoint }
        for (const link of early) accept(link)
      },
    }
  }

  #findBound(address: string): [string, Bound] | undefined {
    const bound = this.#bound.get(address)
    if (bound !== undefined) return [address, bound]
    // The address as it was given, where that names one port; a wildcard port names none.
    for (const [endpoint, candidate] of this.#bound) {
      if (candidate.address === address && !/:(\*|0)$/.test(address)) return [endpoint, candidate]
    }
    const local = address.replace(/^tcp:\/\/localhost:/, 'tcp://127.0.0.1:')
    const resolved = this.#bound.get(local)
    if (resolved !== undefined) return [local, resolved]
    return undefined
  }

  #checkType(scheme: string, how: 'bind' | 'connect', address: string): void {
    const { type } = this.#core
    const udp = scheme === 'udp'
    const allowed =
      type === 'DGRAM'
        ? udp && how === 'bind'
        : udp
          ? (type === 'RADIO' && how === 'connect') || (type === 'DISH' && how === 'bind')
          : type !== 'STREAM' || !NOT_RAW.has(scheme)
    if (!allowed) throw new ZmqError('ENOCOMPATPROTO', { address })
  }

  #sessionOptions(endpoint: string, datagrams = false): SessionOptions {
    const { values } = this.#core.settings
    return {
      endpoint,
      engine: this.#core.engineOptions(),
      datagrams,
      immediate: values.immediate,
      handshakeInterval: values.handshakeInterval,
      heartbeatInterval: values.heartbeatInterval,
      heartbeatTimeout: values.heartbeatTimeout,
      heartbeatTtl: values.heartbeatTimeToLive,
      reconnectInterval: values.reconnectInterval,
      reconnectMaxInterval: values.reconnectMaxInterval,
      reconnectStop: values.reconnectStop,
      random: Math.random,
    }
  }

  #linkOptions(): LinkOptions {
    const { values, acceptFilters } = this.#core.settings
    return {
      ipv6: values.ipv6,
      backlog: values.backlog,
      keepAlive: values.tcpKeepalive,
      keepAliveIdle: values.tcpKeepaliveIdle,
      typeOfService: values.typeOfService,
      acceptFilters,
      connectTimeout: values.connectTimeout,
      socksProxy: values.socksProxy ?? '',
      socksUsername: values.socksUsername ?? '',
      socksPassword: values.socksPassword ?? '',
      useFd: values.useFd,
      reads: values.reads === 'data' ? 'data' : 'direct',
      multicastHops: values.multicastHops,
      multicastLoop: values.multicastLoop,
      sendBufferSize: values.sendBufferSize,
      receiveBufferSize: values.receiveBufferSize,
      mechanism: this.#core.settings.mechanism,
      socketType: this.#core.type,
      largestFrame: this.#core.largestFrame,
      tls: {
        certificate: values.wssCertPem ?? '',
        key: values.wssKeyPem ?? '',
        trust: values.wssTrustPem ?? '',
        trustSystem: values.wssTrustSystem,
        hostname: values.wssHostname ?? '',
      },
    }
  }
}

/** Schemes that a STREAM cannot speak: it is raw TCP. */
const NOT_RAW: ReadonlySet<string> = new Set(['ipc', 'inproc', 'ws', 'wss'])

/** `scheme://rest`; throws EINVAL where it is not that. */
function split(address: string): { scheme: string; rest: string } {
  const colon = address.indexOf('://')
  if (colon <= 0) throw new ZmqError('EINVAL', { address })
  return { scheme: address.slice(0, colon), rest: address.slice(colon + 3) }
}

function transportError(error: unknown, address: string): ZmqError {
  if (error instanceof TransportError) return new ZmqError(error.code, { address, cause: error })
  return asZmqError(error, address)
}
