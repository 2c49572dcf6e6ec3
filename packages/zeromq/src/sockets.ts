/* oxlint-disable typescript/no-unsafe-declaration-merging -- `zeromq` v6 types its classes so: send and receive come from Writable and Readable. */
import { Context } from './context.ts'
import type { Observer } from './observer.ts'
import type { PackedMessages } from './pipe/packed-messages.ts'
import {
  CONFLATABLE,
  CONTEXT,
  defineOptions,
  EVERY_SOCKET,
  READABLE,
  ROUTING_ID,
  PROBING,
  WRITABLE,
  type Options,
} from './option-properties.ts'
import { Socket as Base, type WaitOptions } from './socket.ts'

/** A frame that was received. It belongs to whoever received it. */
export type Message = Buffer

/**
 * A frame to be sent. Text is sent as UTF-8, a number as its decimal text, null as an empty frame. Octets must not be
 * changed until the message has left: large ones are sent without being copied.
 */
export type MessageLike = ArrayBufferView | ArrayBuffer | SharedArrayBuffer | string | number | null

/** Sockets that send. */
export interface Writable<
  M extends MessageLike | MessageLike[] = MessageLike | MessageLike[],
  O extends [...object[]] = [],
> {
  /** Routers that a multicast message may pass. */
  multicastHops: number
  /** Octets that the kernel may hold; -1: the system's default. Node cannot set it for tcp: it is only kept. */
  sendBufferSize: number
  /** Messages that wait for each peer before sending waits or drops; 0: no limit. */
  sendHighWaterMark: number
  /** Milliseconds that a send waits for room; -1: for ever, 0: not at all. */
  sendTimeout: number
  /**
   * Settles when a peer's queue owns the whole message or a rule of the socket type dropped it. Rejects with EAGAIN after
   * `sendTimeout`, EFSM where it is not this socket's turn until then, EHOSTUNREACH where the type refuses an unknown peer.
   * Throws EBUSY while another send waits, EBADF once closed.
   */
  send(message: M, ...options: O): Promise<void>
  /** The same, and its `signal` ends the wait: rejects with the signal's reason, and nothing was sent. */
  send(message: M, options: SendOptions<O>): Promise<void>
  /** Sends now if that is possible: false where `send` would wait. Throws what `send` rejects with otherwise. */
  trySend(message: M, ...options: O): boolean
  /**
   * Sends messages in order, waiting for room where it must. Resolves when all are queued. When it rejects, `error.sent`
   * says how many were queued before.
   */
  sendMany(messages: readonly M[], ...options: O): Promise<void>
  /** The same, and its `signal` ends the wait. */
  sendMany(messages: readonly M[], options: SendOptions<O>): Promise<void>
}

/** What a socket's send takes beside the message, and a signal. */
export type SendOptions<O extends [...object[]]> = (O extends [infer T] ? T : object) & WaitOptions

type ReceiveType<T> = T extends { receive(): Promise<infer U> } ? U : never

export type { PackedMessages } from './pipe/packed-messages.ts'

/** Sockets that receive. */
export interface Readable<M extends object[] = Message[]> {
  /** Octets that the kernel may hold; -1: the system's default. Node cannot set it for tcp: it is only kept. */
  receiveBufferSize: number
  /** Messages that wait to be received from each peer before it is held back; 0: no limit. */
  receiveHighWaterMark: number
  /** Milliseconds that a receive waits; -1: for ever, 0: not at all. */
  receiveTimeout: number
  /**
   * The next message. Rejects with EAGAIN after `receiveTimeout`, EFSM where it was not this socket's turn until then, with the
   * signal's reason when it aborts, which loses no message; throws EBUSY while another receive waits.
   */
  receive(options?: WaitOptions): Promise<M>
  /** The next message if one is there, otherwise undefined. */
  tryReceive(): M | undefined
  /** Messages that are there, at least one, waiting for the first, and at most `max` (1024). */
  receiveMany(max?: number, options?: WaitOptions): Promise<M[]>
  /**
   * Messages that are there, as `receiveMany` gives them, in one piece of memory that is the caller's: at the highest rates, where an
   * array and a `Buffer` for each is most of what a message costs. At most `max` (1024, EINVAL below 1), and no further message
   * after 256 KiB. ENOTSUP on types whose messages carry a routing id or a group beside their frames (SERVER, PEER, DISH).
   */
  receivePacked(max?: number, options?: WaitOptions): Promise<PackedMessages>
  /** Every message, in batches of what is there and at most `max` (1024), until the socket is closed. */
  batches(max?: number, options?: WaitOptions): AsyncIterable<M[]> & AsyncIterator<M[], undefined>
  /** Every message until the socket is closed. */
  [Symbol.asyncIterator](): AsyncIterator<ReceiveType<this>, undefined>
}

/** What the constructor of a socket takes: its properties, and its context. */
export type SocketOptions<S extends Socket> = Options<S, { context: Context }>

/** What every socket has; the meaning of each option stands in the table of `docs`, as libzmq's manual gives it. */
export interface Socket extends AsyncDisposable {
  /** What happens on this socket's connections. */
  readonly events: Observer
  readonly context: Context
  readonly closed: boolean
  /** Whether a receive would succeed at once. */
  readonly readable: boolean
  /** Whether a send would succeed at once. */
  readonly writable: boolean
  /** Closes it at once; what is queued is sent within `linger`. Safe twice. */
  close(): void
  bind(address: string): Promise<void>
  bindSync(address: string): void
  unbind(address: string): Promise<void>
  unbindSync(address: string): void
  /** Returns at once: connecting, and connecting again, go on in the background. */
  connect(address: string): void
  disconnect(address: string): void

  getBoolOption(option: number): boolean
  setBoolOption(option: number, value: boolean): void
  getInt32Option(option: number): number
  setInt32Option(option: number, value: number): void
  getUint32Option(option: number): number
  setUint32Option(option: number, value: number): void
  getInt64Option(option: number): number
  setInt64Option(option: number, value: number): void
  getUint64Option(option: number): number
  setUint64Option(option: number, value: number): void
  getStringOption(option: number): string | null
  setStringOption(option: number, value: string | Uint8Array | null): void

  affinity: number
  rate: number
  recoveryInterval: number
  /** Milliseconds that a closed socket goes on sending; -1: until all is sent. */
  linger: number
  reconnectInterval: number
  backlog: number
  reconnectMaxInterval: number
  maxMessageSize: number
  tcpKeepalive: number
  tcpKeepaliveCount: number
  tcpKeepaliveIdle: number
  tcpKeepaliveInterval: number
  tcpAcceptFilter: string | null
  immediate: boolean
  ipv6: boolean
  plainServer: boolean
  plainUsername: string | null
  plainPassword: string | null
  curveServer: boolean
  curvePublicKey: string | null
  curveSecretKey: string | null
  curveServerKey: string | null
  zapDomain: string | null
  typeOfService: number
  handshakeInterval: number
  socksProxy: string | null
  heartbeatInterval: number
  heartbeatTimeToLive: number
  heartbeatTimeout: number
  connectTimeout: number
  tcpMaxRetransmitTimeout: number
  multicastMaxTransportDataUnit: number
  vmciBufferSize: number
  vmciBufferMinSize: number
  vmciBufferMaxSize: number
  vmciConnectTimeout: number
  interface: string | null
  zapEnforceDomain: boolean
  loopbackFastPath: boolean
  readonly type: number
  readonly lastEndpoint: string | null
  readonly securityMechanism: null | 'plain' | 'curve' | 'gssapi'
  readonly threadSafe: boolean
}

/** The class of all sockets: for `instanceof`, and for subclasses that reach an option by its number. */
export const Socket: {
  new (type: number, options?: object): Socket
  readonly prototype: Socket
} = Base as never

/** One peer at a time. */
export class Pair extends Socket {
  constructor(options?: SocketOptions<Pair>) {
    super(0, options)
  }
}
export interface Pair extends Writable, Readable {}

/** Sends each message to all that subscribed to its beginning. */
export class Publisher extends Socket {
  declare noDrop: boolean
  declare conflate: boolean
  declare invertMatching: boolean

  constructor(options?: SocketOptions<Publisher>) {
    super(1, options)
  }
}
export interface Publisher extends Writable {}

/** Receives the messages whose beginning it subscribed to. */
export class Subscriber extends Socket {
  declare conflate: boolean
  declare invertMatching: boolean

  constructor(options?: SocketOptions<Subscriber>) {
    super(2, options)
  }

  /** Subscribes to messages that begin with any of these; to all when none is given. Takes effect at once. */
  subscribe(...prefixes: (Uint8Array | string)[]): void {
    if (prefixes.length === 0) this.setStringOption(6, null)
    for (const prefix of prefixes) this.setStringOption(6, prefix)
  }

  /** Takes back as many subscriptions as are given; the one to all when none is given. */
  unsubscribe(...prefixes: (Uint8Array | string)[]): void {
    if (prefixes.length === 0) this.setStringOption(7, null)
    for (const prefix of prefixes) this.setStringOption(7, prefix)
  }
}
export interface Subscriber extends Readable {}

/** Sends a request, receives its reply, in turn. */
export class Request extends Socket {
  declare routingId: string | null
  declare probeRouter: boolean
  declare correlate: boolean
  declare relaxed: boolean

  constructor(options?: SocketOptions<Request>) {
    super(3, options)
  }
}
export interface Request extends Readable, Writable {}

/** Receives a request, sends its reply, in turn. */
export class Reply extends Socket {
  declare routingId: string | null

  constructor(options?: SocketOptions<Reply>) {
    super(4, options)
  }
}
export interface Reply extends Readable, Writable {}

/** Sends to its peers in turn, receives from them in turn. */
export class Dealer extends Socket {
  declare routingId: string | null
  declare probeRouter: boolean
  declare conflate: boolean

  constructor(options?: SocketOptions<Dealer>) {
    super(5, options)
  }
}
export interface Dealer extends Readable, Writable {}

/** The first frame of each message is the id of its peer, both ways. */
export class Router extends Socket {
  declare routingId: string | null
  declare mandatory: boolean
  declare probeRouter: boolean
  declare handover: boolean

  constructor(options?: SocketOptions<Router>) {
    super(6, options)
  }

  /** `routingId`: the id under which this peer is known here, 1 to 255 octets, the first not 0. */
  override connect(address: string, options: RouterConnectOptions = {}): void {
    connectAs(this, address, options.routingId)
  }
}
export interface Router extends Readable, Writable {}

/** Options of `Router.connect`. */
export interface RouterConnectOptions {
  routingId?: string
}

/** Receives from its peers in turn. */
export class Pull extends Socket {
  declare conflate: boolean

  constructor(options?: SocketOptions<Pull>) {
    super(7, options)
  }
}
export interface Pull extends Readable {}

/** Sends to its peers in turn. */
export class Push extends Socket {
  declare conflate: boolean

  constructor(options?: SocketOptions<Push>) {
    super(8, options)
  }
}
export interface Push extends Writable {}

/** A publisher that receives what its peers subscribe to. */
export class XPublisher extends Socket {
  declare noDrop: boolean
  declare manual: boolean
  declare welcomeMessage: string | null
  declare invertMatching: boolean

  constructor(options?: SocketOptions<XPublisher>) {
    super(9, options)
  }

  /** Which subscriptions are received: the first to a topic and its last cancellation (null), or all of them. */
  set verbosity(value: null | 'allSubs' | 'allSubsUnsubs') {
    // ZMQ_XPUB_VERBOSE and ZMQ_XPUB_VERBOSER; either switches the other off.
    if (value === null) this.setBoolOption(40, false)
    else this.setBoolOption(value === 'allSubs' ? 40 : 78, true)
  }
}
export interface XPublisher extends Readable, Writable {}

/** A subscriber that subscribes by sending `01` and the topic, `00` to take it back. */
export class XSubscriber extends Socket {
  constructor(options?: SocketOptions<XSubscriber>) {
    super(10, options)
  }
}
export interface XSubscriber extends Readable, Writable {}

/** Raw TCP: each message is an id of a connection and octets. */
export class Stream extends Socket {
  declare notify: boolean

  constructor(options?: SocketOptions<Stream>) {
    super(11, options)
  }

  /** `routingId`: the id under which this connection is known here, 1 to 255 octets, the first not 0. */
  override connect(address: string, options: StreamConnectOptions = {}): void {
    connectAs(this, address, options.routingId)
  }
}
export interface Stream extends Readable<[Message, Message]>, Writable<[MessageLike, MessageLike]> {}

/** Options of `Stream.connect`. */
export interface StreamConnectOptions {
  routingId?: string
}

const WRITABLES = [Pair, Publisher, Request, Reply, Dealer, Router, Push, XPublisher, XSubscriber, Stream]
const READABLES = [Pair, Subscriber, Request, Reply, Dealer, Router, Pull, XPublisher, XSubscriber, Stream]

defineOptions([Context], CONTEXT)
defineOptions([Base], EVERY_SOCKET)
defineOptions(WRITABLES, WRITABLE)
defineOptions(READABLES, READABLE)
defineOptions([Request, Reply, Router, Dealer], ROUTING_ID)
defineOptions([Router, Dealer, Request], PROBING)
defineOptions([Pull, Push, Subscriber, Publisher, Dealer], CONFLATABLE)
defineOptions(
  [Router],
  [
    { name: 'mandatory', id: 33, kind: 'Bool' },
    { name: 'handover', id: 56, kind: 'Bool', access: 'write' },
  ],
)
defineOptions(
  [Request],
  [
    { name: 'correlate', id: 52, kind: 'Bool', access: 'write' },
    { name: 'relaxed', id: 53, kind: 'Bool', access: 'write' },
  ],
)
defineOptions([XPublisher, Publisher], [{ name: 'noDrop', id: 69, kind: 'Bool', access: 'write' }])
defineOptions(
  [XPublisher],
  [
    { name: 'manual', id: 71, kind: 'Bool', access: 'write' },
    { name: 'welcomeMessage', id: 72, kind: 'String', access: 'write' },
  ],
)
defineOptions([Stream], [{ name: 'notify', id: 73, kind: 'Bool', access: 'write' }])
defineOptions([Publisher, Subscriber, XPublisher], [{ name: 'invertMatching', id: 74, kind: 'Bool' }])

function connectAs(socket: Socket, address: string, routingId: string | undefined): void {
  if (routingId !== undefined && routingId !== '') socket.setStringOption(61, routingId)
  Base.prototype.connect.call(socket as never, address)
}
