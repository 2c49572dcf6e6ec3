import type { SocketType } from '../wire/socket-type.ts'

/** One frame as it is sent: octets, or text that the pipe encodes as UTF-8. */
export type Part = Uint8Array | string

/**
 * A whole message as it is sent: one frame, or a list of one or more. Patterns pass it on untouched and never keep it
 * beyond the call; an array they were given may be changed by its owner as soon as the call returns.
 */
export type Outgoing = Part | readonly Part[]

/**
 * A whole message as it is received: a fresh array of frames that belong to whoever reads them. SERVER, PEER and DISH
 * append their `{ routingId }` or `{ group }` as a last element, as the `zeromq` package does.
 */
export type Incoming = Buffer[]

/** What a peer asks for by a command (RFC 37 §3.3, RFC 48). */
export type Request = 'subscribe' | 'cancel' | 'join' | 'leave'

/**
 * What became of a message that was to be sent:
 * - `accept`: a peer (or several) owns the whole of it;
 * - `drop`: a rule of the pattern dropped it, which is a success;
 * - `full`: nobody can take it now; the caller waits for `writable` or fails with EAGAIN;
 * - the rest are errors of that code, and nothing was sent.
 */
export type Sent = 'accept' | 'drop' | 'full' | 'EHOSTUNREACH' | 'EFSM' | 'EINVAL' | 'ENOTSUP'

/** What a pattern says about a peer or a message that arrives. */
export type Verdict = 'accept' | 'drop' | Close

/** The connection is to be closed: `reason` goes into the monitor's event. */
export interface Close {
  readonly is: 'close'
  readonly reason: string
}

/**
 * One peer as a pattern sees it: two queues of whole messages. Made by the socket, for a connection that is there or
 * (connecting side) that is being made. All calls are synchronous; none throws.
 */
export interface Peer {
  /** `bind`: the pipe lives and dies with its connection. `connect`: it lives until `disconnect`. */
  readonly side: 'bind' | 'connect'
  /** The Identity which the peer announced; empty when it announced none or has not been heard yet. */
  readonly identity: Uint8Array
  /** The peer's address as ZAP and STREAM tell it; empty when unknown. */
  readonly address: string
  /** It is a UDP address: nothing is negotiated, and a RADIO sends it everything. */
  readonly datagrams?: boolean
  /** Whether the handshake is over and the connection stands. inproc: always, once attached. */
  readonly linked: boolean
  /** Whether a whole message would be taken now: below the high-water mark, and not gone. */
  readonly writable: boolean
  /** Whether a whole message waits to be read. Stays true after the peer is gone until its last message is read. */
  readonly readable: boolean
  /**
   * Takes the whole message, or none of it (false: full or gone). On the wire stand the frames of `envelope`, then those
   * of `message` from index `from` on; at least one frame in all. A full pipe with an idle link flushes before it refuses.
   */
  write(message: Outgoing, envelope?: readonly Uint8Array[], from?: number): boolean
  /** Takes messages from index `from` on, as far as they are one frame of octets each and there is room. Answers how many. */
  writeMany(messages: readonly unknown[], from: number): number
  /** What the next in the queue is: a request (`read` gives its topic as the only frame), a message, or nothing. */
  next(): Request | 'message' | undefined
  /** After `next` said that there is something: its first frame, without making a frame of it. */
  readonly head: FrameView
  /** Drops what is next, unread. */
  skip(): void
  /** The next message, with `lead` (when given) as its first frame; undefined when there is none. */
  read(lead?: Buffer): Incoming | undefined
  /** The next message that `filter` wants; those before it, and requests, are dropped. */
  readWanted(filter: Filter): Incoming | undefined
  /** The next messages, added to `into` until it has `max` or none is left; what `filter` does not want, and requests, are dropped. */
  readMany(into: Incoming[], max: number, filter?: Filter): void
  /** The next messages, packed, until `into` has `max` or enough octets; what `filter` does not want, and requests, are dropped. */
  readPacked(into: Packing, max: number, filter?: Filter): void
  /** Puts a message at the end of what is to be read, as if the peer had sent it, whatever the high-water mark is. */
  inject(message: readonly Uint8Array[]): void
  /**
   * Tells the peer a request, outside any high-water mark, in order with `write`: as a command (ZMTP 3.1), as a message
   * `01`/`00` + topic before that. While the peer is not `linked` it waits with what was written.
   */
  request(request: Request, topic: Uint8Array): void
  /**
   * Takes back the requests that wait to be sent. Where messages wait, subscriptions to `topics` are put before them (true);
   * otherwise nothing is (false).
   */
  renew(topics: Iterable<Uint8Array>): boolean
}

/** Octets `from` to `to` of `bytes`, borrowed until the next call on the peer. */
export interface FrameView {
  readonly bytes: Uint8Array
  readonly from: number
  readonly to: number
}

/** Messages that are gathered in one piece of memory; a pipe knows how to add its own. */
export interface Packing {
  /** Whole messages so far. */
  readonly length: number
  /** It has enough octets. */
  readonly full: boolean
  add(message: Incoming): void
}

/** Which messages are wanted. */
export interface Filter {
  /** By the first frame, the octets `[from, to)` of `bytes`. */
  wants(bytes: Uint8Array, from: number, to: number): boolean
}

/** What a pattern needs from the socket that owns it. */
export interface Host {
  /** Options in force, read at each use: a change takes effect at once. */
  readonly options: PatternOptions
  /**
   * One message to `count` peers, encoded once. Each that is full misses it, whole, and counts that. `peers` is the
   * pattern's own array and is used again after the call.
   */
  spread(message: Outgoing, peers: readonly Peer[], count: number): void
  /** Closes the peer's connection. `detach` follows, perhaps before this returns. A connecting side may connect again. */
  closePeer(peer: Peer, reason: string): void
  /** Looks again at `canSend` and `canReceive`: they may have become true by something else than `writable`/`readable`. */
  changed(): void
  /** An unpredictable integer from 0 to 2^32 - 1. */
  random(): number
}

/** The options that patterns honour, by the names of `options.ts`. Bounds are checked there. */
export interface PatternOptions {
  /** ROUTER, REQ, DEALER, REP: what the socket announces; for STREAM after a connect, the id of the newest peer. */
  readonly routingId: Uint8Array
  /** ROUTER_MANDATORY */
  readonly mandatory: boolean
  /** ROUTER_HANDOVER */
  readonly handover: boolean
  /** ROUTER_NOTIFY: bit 1 connect, bit 2 disconnect */
  readonly routerNotify: number
  /** PROBE_ROUTER */
  readonly probeRouter: boolean
  /** REQ_CORRELATE */
  readonly correlate: boolean
  /** REQ_RELAXED */
  readonly relaxed: boolean
  /** XPUB_VERBOSE: null; 'subscribe': every subscription is reported; 'all': cancellations too (XPUB_VERBOSER). */
  readonly verbose: 'subscribe' | 'all' | null
  /** XPUB_NODROP */
  readonly noDrop: boolean
  /** XPUB_MANUAL; 'last-value': XPUB_MANUAL_LAST_VALUE */
  readonly manual: boolean | 'last-value'
  /** XPUB_WELCOME_MSG; empty: none */
  readonly welcomeMessage: Uint8Array
  /** INVERT_MATCHING */
  readonly invertMatching: boolean
  /** ONLY_FIRST_SUBSCRIBE */
  readonly onlyFirstSubscribe: boolean
  /** XSUB_VERBOSE_UNSUBSCRIBE */
  readonly verboseUnsubscribe: boolean
  /** STREAM_NOTIFY */
  readonly streamNotify: boolean
  /** HELLO_MSG; empty: none */
  readonly helloMessage: Uint8Array
  /** DISCONNECT_MSG; empty: none */
  readonly disconnectMessage: Uint8Array
  /** HICCUP_MSG; empty: none */
  readonly hiccupMessage: Uint8Array
  /** Our own: subscriptions that one peer may hold, and the octets of their topics together. */
  readonly maxSubscriptions: number
  readonly maxSubscriptionBytes: number
}

/**
 * A socket type: which peer gets a message, whose message is next, and what may be done when. Pure: it neither waits nor
 * does IO.
 *
 * The life of a peer: `attach` once; `linked` at each handshake that succeeds and `unlinked` at each loss of the
 * connection (connecting side); `detach` once, when nothing can be written to it for good. What it sent before is still
 * read after `detach`, unless the socket has cleared it, so that `peer.readable` is false. The bound side calls
 * `attach` and `linked` after the handshake, and `detach` at its end.
 */
export interface Pattern {
  readonly type: SocketType | 'STREAM'
  /**
   * Whether SUBSCRIBE, CANCEL, JOIN and LEAVE commands are queued for this pattern (PUB, XPUB, RADIO), in order with the
   * messages. Where it is false they are ignored on arrival.
   */
  readonly commands: boolean
  /** `POLLOUT`: a `send` would not be `full`. */
  readonly canSend: boolean
  /** `POLLIN`: a `receive` would give a message. */
  readonly canReceive: boolean

  /**
   * Sends a whole message. `to`: SERVER and PEER take the routing id (an integer), RADIO the group (text or octets);
   * the others take none.
   */
  send(message: Outgoing, to?: number | string | Uint8Array): Sent
  /**
   * Sends messages from index `from` on, as `send` without `to`, as far as that is possible at once for many. Answers how many; `send`
   * tells why not the next.
   */
  sendMany?(messages: readonly unknown[], from: number): number
  /** The next message, or undefined when there is none that the application may have now. */
  receive(): Incoming | undefined
  /** Adds the next messages to `into`, as `receive` would give them, until it has `max`. Where it is missing `receive` serves. */
  receiveMany?(into: Incoming[], max: number): void
  /** The same, packed, until `into` has `max` or is full. Where it is missing `receive` serves. */
  receivePacked?(into: Packing, max: number): void
  /**
   * Why no `receive` can succeed now, whatever arrives: EFSM before a REQ has sent or while a REP owes its reply, ENOTSUP
   * on a type that never receives.
   */
  readonly barred?: 'EFSM' | 'ENOTSUP' | undefined

  /**
   * A peer may be written to from now on. `wanted`: the routing id that CONNECT_ROUTING_ID asks for. Anything but
   * `accept` means that the pattern has not taken it: `drop` leaves it connected, never read and never written.
   */
  attach(peer: Peer, wanted?: Uint8Array): Verdict
  /** The handshake is over: `identity` is known. Called before anything queued is sent and anything received is read. */
  linked(peer: Peer): Verdict
  /** The connection is lost; the pipe, and what is queued in it, stays for the next one. */
  unlinked(peer: Peer): void
  /** The peer is gone for good. */
  detach(peer: Peer): void
  /** A peer that was full has room again. */
  writable(peer: Peer): void
  /** A peer's queue was empty and is not any more. Where `commands` is true the pattern empties it here and now. */
  readable(peer: Peer): void

  /** Who sent the message that `receive` gave last, as long as it is known; to be read before anything else happens. */
  readonly last?: Peer | undefined
  /** The options SUBSCRIBE and UNSUBSCRIBE, and `join` and `leave` of DISH; undefined on other types (EINVAL). */
  readonly topics?: Topics
  /** Ids of peers, where the application can know them (ROUTER, STREAM, SERVER, PEER). */
  readonly ids?: Ids
}

/** Subscriptions by the application. */
export interface Topics {
  /** TOPICS_COUNT: distinct prefixes (PUB, XPUB: of all peers). */
  readonly count: number
  /** Whether it is one of them. */
  has(topic: Uint8Array): boolean
  /** SUB: subscribes; XPUB under MANUAL: on behalf of the peer of the last message; DISH: false when already joined. */
  add(topic: Uint8Array): boolean
  /** The reverse; DISH: false when not joined. */
  remove(topic: Uint8Array): boolean
}

/** Peers by the ids that the application uses. */
export interface Ids {
  /** The id of a peer; undefined when it has none (yet). SERVER and PEER: four octets, big endian. */
  of(peer: Peer): Uint8Array | undefined
  /** `zmq_socket_get_peer_state`, and what `zmq_disconnect_peer` looks up. */
  peer(id: Uint8Array): Peer | undefined
}
