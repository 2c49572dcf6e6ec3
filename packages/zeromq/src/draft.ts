/// <reference types="node" preserve="true" />
/* oxlint-disable typescript/no-unsafe-declaration-merging -- as `sockets.ts`: send and receive come from Writable and Readable. */
import { CONFLATABLE, defineOptions, READABLE, WRITABLE } from './option-properties.ts'
import { type Message, type MessageLike, type Readable, Socket, type SocketOptions, type Writable } from './sockets.ts'

/** Single frames to and from clients, each with the routing id of its client (RFC 41). */
export class Server extends Socket {
  constructor(options?: SocketOptions<Server>) {
    super(12, options)
  }
}
/** Which client a message is from, or for. */
export interface ServerRoutingOptions {
  routingId: number
}
export interface Server
  extends Readable<[Message, ServerRoutingOptions]>, Writable<MessageLike, [ServerRoutingOptions]> {}

/** Single frames to its servers in turn, and from them (RFC 41). */
export class Client extends Socket {
  constructor(options?: SocketOptions<Client>) {
    super(13, options)
  }
}
export interface Client extends Readable<[Message]>, Writable<MessageLike> {}

/** Single frames to all who joined a group (RFC 48). */
export class Radio extends Socket {
  constructor(options?: SocketOptions<Radio>) {
    super(14, options)
  }
}
/** Which group a message is for; at most 255 octets. */
export interface RadioGroupOptions {
  group: Buffer | string
}
export interface Radio extends Writable<MessageLike, [RadioGroupOptions]> {}

/** Receives from the groups that it joined (RFC 48). */
export class Dish extends Socket {
  constructor(options?: SocketOptions<Dish>) {
    super(15, options)
  }
}
/** Which group a message is from. */
export interface DishGroupOptions {
  group: Buffer
}
export interface Dish extends Readable<[Message, DishGroupOptions]> {
  /** Joins groups of at most 255 octets; EINVAL for one that it has joined. */
  join(...groups: (Buffer | string)[]): void
  /** Leaves groups; EINVAL for one that it has not joined. */
  leave(...groups: (Buffer | string)[]): void
}

/** Receives single frames from its peers in turn (RFC 49). */
export class Gather extends Socket {
  declare conflate: boolean

  constructor(options?: SocketOptions<Gather>) {
    super(16, options)
  }
}
export interface Gather extends Readable<[Message]> {}

/** Sends single frames to its peers in turn (RFC 49). */
export class Scatter extends Socket {
  declare conflate: boolean

  constructor(options?: SocketOptions<Scatter>) {
    super(17, options)
  }
}
export interface Scatter extends Writable<MessageLike> {}

/** UDP: each message is `address:port` and octets. */
export class Datagram extends Socket {
  constructor(options?: SocketOptions<Datagram>) {
    super(18, options)
  }
}
export interface Datagram extends Readable<[Message, Message]>, Writable<[MessageLike, MessageLike]> {}

defineOptions([Server, Client, Radio, Scatter, Datagram], WRITABLE)
defineOptions([Server, Client, Dish, Gather, Datagram], READABLE)
defineOptions([Scatter, Gather], CONFLATABLE)
