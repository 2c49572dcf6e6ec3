import type { SocketType } from '../wire/socket-type.ts'

/**
 * Moves octets and knows nothing of ZMTP. A transport listens and connects; what it gives is a `Link`, one connection.
 * `Receiver` is who the octets are for: a session.
 */
export interface Transport {
  /** Begins to listen. Rejects with an error whose `code` is libzmq's (EADDRINUSE, EINVAL, ENODEV…). */
  listen(address: string, options: LinkOptions, events: ListenerEvents): Promise<Listener>
  /** Listens before it returns, where the transport can; throws as `listen` rejects. */
  listenNow?(address: string, options: LinkOptions, events: ListenerEvents): Listener
  /** Begins to connect at once; throws only for an address that can never be right (EINVAL). */
  connect(address: string, options: LinkOptions, events: ConnectEvents): Connecting
}

/** A bound address. */
export interface Listener {
  /** The address as LAST_ENDPOINT tells it: resolved and numeric. */
  readonly endpoint: string
  /** The descriptor for the monitor, -1 where there is none. */
  readonly fd: number
  /** Stops listening; connections that were accepted live on. Resolves when the address is free again. */
  close(): Promise<void>
  ref(): void
  unref(): void
}

export interface ListenerEvents {
  accepted(link: Link): void
  /** A connection could not be accepted, or was refused by a filter (`code` says why); the listener goes on. */
  failed(error: NodeJS.ErrnoException): void
  /** Most who come now fail their handshakes: they are to come in slowly. */
  crowded?(): boolean
}

/** A connection on its way. Exactly one of the events follows, unless it is cancelled first. */
export interface Connecting {
  cancel(): void
  ref(): void
  unref(): void
}

export interface ConnectEvents {
  connected(link: Link): void
  failed(error: NodeJS.ErrnoException): void
}

/** One connection. */
export interface Link {
  /** The peer's numeric address without its port, as ZAP tells it; '' where there is none. */
  readonly peerAddress: string
  /** Both ends as endpoints, for the monitor. */
  readonly local: string
  readonly remote: string
  /** The descriptor for the monitor, -1 where there is none. */
  readonly fd: number
  /** Begins to deliver. Nothing is read before. */
  start(receiver: Receiver): void
  /**
   * Writes the chunks in order. True: the kernel has all of it, and the memory may be used again now. False: `written`
   * follows, and nothing more may be written until then.
   */
  write(chunks: readonly Uint8Array[]): boolean
  /** Goes on reading after `filled` answered false. */
  resume(): void
  /** Says that no more will be written, reads and discards what still comes, and is gone when the peer is, or after a second. */
  end(): void
  /** Breaks the connection off. No event follows. Safe to call twice. */
  destroy(): void
  /** Best effort, at the exit of the process: writes without waiting what `write` would. */
  writeNow?(chunks: readonly Uint8Array[]): void
  ref(): void
  unref(): void
}

/** Where a link puts what it reads. */
export interface Receiver {
  /** Where the next octets are to be read into; asked for before each read. Never empty. */
  space(): Uint8Array
  /** `size` octets were read into the last `space()`. False: read no more until `resume`. */
  filled(size: number): boolean
  /** Octets that lie elsewhere; they are copied. False: give no more until `resume`. */
  push(chunk: Uint8Array): boolean
  /** What the last `write` was given has been written. */
  written(): void
  /** The connection is gone: undefined where the peer ended it in order. No call follows. */
  closed(error: NodeJS.ErrnoException | undefined): void
}

/** Certificates for wss, in PEM; '' where there is none. */
export interface TlsOptions {
  readonly certificate: string
  readonly key: string
  /** Whom a client trusts. */
  readonly trust: string
  /** Also whom the platform trusts. */
  readonly trustSystem: boolean
  /** The name that the server's certificate has to be for; '': the host of the endpoint. */
  readonly hostname: string
}

/** What transports honour of a socket's options; a snapshot at `bind` or `connect`. */
export interface LinkOptions {
  readonly ipv6: boolean
  readonly backlog: number
  /** -1: as the system does, 0: off, 1: on. */
  readonly keepAlive: number
  /** Seconds; -1: as the system does. */
  readonly keepAliveIdle: number
  readonly typeOfService: number
  /** CIDR blocks that may connect; empty: all. */
  readonly acceptFilters: readonly string[]
  /** Milliseconds; 0: the system's. */
  readonly connectTimeout: number
  readonly socksProxy: string
  readonly socksUsername: string
  readonly socksPassword: string
  /** A descriptor to use in place of a new one; -1: none. */
  readonly useFd: number
  /** 'data': read through the public events alone, even where direct reads are possible. */
  readonly reads: 'direct' | 'data'
  /** How many routers a multicast datagram may pass, and whether it comes back to this machine. */
  readonly multicastHops: number
  readonly multicastLoop: boolean
  /** Octets of the system's buffers for datagrams; -1: as many as it gives. */
  readonly sendBufferSize: number
  readonly receiveBufferSize: number
  /** What a transport that upgrades a connection (ws) has to say of the socket. */
  readonly mechanism: 'NULL' | 'PLAIN' | 'CURVE'
  readonly socketType: SocketType | 'STREAM'
  /** Octets of the largest frame that is accepted. */
  readonly largestFrame: number
  readonly tls: TlsOptions
}
