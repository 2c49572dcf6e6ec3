/**
 * The contract: what every broker behind Millrace promises, whatever stands behind it.
 * Durations are milliseconds, sizes are bytes. What a broker cannot do it says in `Capabilities`;
 * asking for it rejects with `UNSUPPORTED` before anything is sent.
 */
import type { Pattern } from './pattern.ts'

/** A topic's name: `[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*`, at most 80 long (dead-letter topics, which end in `.dead`, 126). */
export type Name = string

/** Plain and immutable: own properties only, safe to publish twice, to spread and to store. Made by `message()`. */
export interface Message {
  /** UUIDv7 (RFC 9562 §5.7) unless given; survives every backend. */
  readonly id: string
  readonly payload: Uint8Array
  /** Keys `[A-Za-z0-9._-]{1,128}`, unique whatever their case; well-formed values without U+0000; 8 KiB in all. */
  readonly metadata: Readonly<Record<string, string>>
  /** Ordering and partition key: any well-formed text. */
  readonly key?: string
  /** A null payload, where the broker tells it from an empty one. */
  readonly tombstone?: true
}

/**
 * One message in a consumer's hand. It must be settled once; what is not settled comes again. Its methods are called on
 * it: taken off (`const { ack } = delivery`) they are BAD_OPTION.
 */
export interface Delivery {
  readonly message: Message
  /** The concrete topic, also under a pattern. */
  readonly topic: string
  /** 1 the first time, as far as is known (`capabilities.attempts`). */
  readonly attempt: number
  /** Set where "it was delivered before" is all that the broker tells. */
  readonly redelivered?: boolean | undefined
  /** When it was published, in milliseconds since the epoch. */
  readonly time?: number | undefined
  /** When it stops being worth handling, in milliseconds since the epoch. The router asks again before each handler call. */
  readonly expires?: number | undefined
  /** Where it stands, opaque; for `from: { after }`. */
  readonly position?: string | undefined
  /** The broker's own words: offset, partition, delivery tag… */
  readonly origin: Readonly<Record<string, string | number>>
  /** Made on first read; aborts with a `MillraceError` of code `SETTLED`, `LOST` or `CLOSED`. */
  readonly signal: AbortSignal
  /**
   * Done with. Decided at once, sent in batches.
   * @returns false when it was already lost: it will come again.
   * @throws SETTLED when it was settled otherwise before; the same settlement twice is nothing.
   */
  ack(): boolean
  /**
   * A failure: it counts, backs off and comes again.
   * @returns false when it was already lost. @throws SETTLED, and for its `delay` BAD_OPTION, DELAY_TOO_LONG, UNSUPPORTED
   */
  nack(options?: NackOptions): boolean
  /** To the dead-letter topic now. @throws NO_DEAD_LETTER where the subscription has none. */
  reject(options?: RejectOptions): boolean
  /** Given back, not a failure: it does not count and comes again soon, to any consumer. */
  release(): boolean
  /**
   * Asks for at least so many more ms of lease (default: the subscription's; at most a day). Resolves to the ms granted.
   * Rejects UNSUPPORTED without `capabilities.leases`, BAD_OPTION, SETTLED, LOST.
   */
  extend(atLeast?: number): Promise<number>
}

/** How a failure is to be treated. */
export interface NackOptions {
  /** ms before it comes again, 0 or more, instead of the subscription's backoff; at most `capabilities.nackDelay.max`. */
  readonly delay?: number
  /** What failed: for the dead letter's history. */
  readonly error?: unknown
}

/** Why a message is given up. */
export interface RejectOptions {
  /** For the dead letter's history, where there is no `error`. */
  readonly reason?: string
  readonly error?: unknown
}

/** A stream of deliveries. Un-settled deliveries in this process, buffered ones included, never exceed `prefetch`. */
export interface Subscription extends AsyncIterable<Delivery>, AsyncDisposable {
  /** The next delivery. An aborted wait loses nothing. @throws CLOSED, ABORTED, or what ended the subscription. */
  receive(options?: WaitOptions): Promise<Delivery>
  /** The next delivery that is already here. */
  tryReceive(): Delivery | undefined
  /**
   * Calls the handler for one delivery after another. What it leaves open is acked when it is done and nacked when it
   * throws. Resolves when the subscription has closed or the signal aborts; rejects with what ended the subscription.
   */
  each(handler: (delivery: Delivery) => void | Promise<void>, options?: WaitOptions): Promise<void>
  /** Yields at `size`, or `within` ms after the first with what there is; without `within`, at once with what there is. */
  batches(options: BatchOptions): AsyncIterable<Delivery[]>
  /** Resolves when every settlement so far is sent, and confirmed where `capabilities.settles` is 'confirmed'. */
  flush(options?: WaitOptions): Promise<void>
  /** Everything up to here is settled; opaque, for `from: { after }`. */
  position(): string | undefined
  /** Listens to the connection's fate. Returns the function that stops it. @throws BAD_OPTION */
  on(event: SubscriptionEventName, listener: (event: SubscriptionEvent) => void): () => void
  /** Never rejects: resolves to what ended it, or undefined after `close()`. */
  readonly closed: Promise<Error | undefined>
  /** Stops intake, waits for work in hand up to `timeout` (default 30,000 ms), flushes, releases the rest. Safe twice. */
  close(options?: CloseOptions): Promise<Closed>
}

/** How a wait can be ended: by an abort, with ABORTED. */
export interface WaitOptions {
  readonly signal?: AbortSignal
}

/** How large a batch may get and how long it may take. */
export interface BatchOptions extends WaitOptions {
  /** At least 1. */
  readonly size: number
  readonly within?: number
}

/** How long a close may take about it. */
export interface CloseOptions {
  /** ms to wait for work in hand, 0 or more; default 30,000. Infinity: as long as it takes. @throws BAD_OPTION */
  readonly timeout?: number
}

/** What a close left undone. */
export interface Closed {
  /** Deliveries that were in hand or unread and went back. */
  readonly released: number
}

/** `up` after an outage, `down` when the link is gone, `gap` when messages may have been missed, `lost` when deliveries in hand were lost. */
export type SubscriptionEventName = 'up' | 'down' | 'gap' | 'lost'

/** What happened to a subscription's connection. */
export interface SubscriptionEvent {
  readonly event: SubscriptionEventName
  readonly error?: Error
  readonly reason?: string
  /** How many deliveries were lost, for `lost`. */
  readonly count?: number
  /** Those that were lost, for `lost`; they cannot be settled any more. */
  readonly deliveries?: readonly Delivery[]
}

/** Where a new group, or a subscription without one, begins. An existing group's own place wins. */
export type From = 'earliest' | 'latest' | { readonly time: number } | { readonly after: string }

/** How to consume. An option that the broker cannot keep is UNSUPPORTED, one outside its bounds BAD_OPTION. */
export interface SubscribeOptions {
  /** Competing consumers share a group; it is durable. Without one the subscription is ephemeral and gets everything. */
  readonly group?: string
  /** Default: 'earliest' for a new group where the broker replays, 'latest' without a group. */
  readonly from?: From
  /** Un-settled deliveries in this process at most, buffered ones included. Default 256, 1 to 100,000. */
  readonly prefetch?: number
  /** Attempts before a failing message is dead-lettered. Default 10, at least 1. */
  readonly maxDeliveries?: number
  /**
   * The wait before a nacked message comes again. Default exponential with full jitter, base 100, max 30,000 ms. A function
   * of the attempt that failed (1 is the first) gives ms; where it throws or gives none, the default takes its place.
   */
  readonly backoff?: BackoffOptions | ((attempt: number) => number)
  /**
   * Default `<topic>.<group>.dead`; none without a group. `false` discards and counts. A topic that this subscription
   * reads itself is BAD_OPTION: what cannot be handled would go round for ever.
   */
  readonly deadLetter?: string | false
  /** ms a delivery may stay un-settled before others get it, where the broker leases; 1 to a day. Extended by core up to `maxLease`. */
  readonly lease?: number
  /** The longest that core extends a lease by itself, in ms from hand-over, `lease` or more. Default 10 times `lease`. */
  readonly maxLease?: number
  /**
   * Where a nacked message waits: with the broker, or held in this process with the others passing by.
   * In the process order per key can be kept through redelivery. Default: the broker where it can.
   */
  readonly redelivery?: 'broker' | 'process'
  /** The subscription's lifetime: an abort closes it at once and releases what is in hand. */
  readonly signal?: AbortSignal
}

/** Waits that grow: base × factor^(attempt − 1), at most `max`. All finite, 0 ≤ base ≤ max. */
export interface BackoffOptions {
  /** The first wait's upper bound in ms. Default 100. */
  readonly base?: number
  /** Every wait's upper bound in ms. Default 30,000. */
  readonly max?: number
  /** Default 2, at least 1. */
  readonly factor?: number
  /** 'full' draws evenly from 0 to the bound; 'none' waits the bound. Default 'full'. */
  readonly jitter?: 'full' | 'none'
}

/** How to publish; for every message of the call. What the broker cannot keep is UNSUPPORTED, before anything is sent. */
export interface PublishOptions {
  readonly signal?: AbortSignal
  /** ms until it gives up, more than 0; default 30,000. Infinity: never. */
  readonly timeout?: number
  /** Not before: ms from now, or a moment. */
  readonly delay?: number | Date
  /** ms from now after which it is never delivered; more than 0, not infinite. */
  readonly ttl?: number
  /** 0 (default) to `capabilities.priority - 1`; higher first. */
  readonly priority?: number
  /** The broker drops what it has seen under the same id within its own window, where it can. */
  readonly dedupeId?: string
}

/** Why one message of a publish was not accepted. 'unknown' may have been stored; publishing it again may duplicate. */
export interface Failure {
  readonly index: number
  readonly id: string
  readonly outcome: 'refused' | 'unknown'
  readonly error: Error
}

/** What this broker, as opened, keeps. Fixed by the factory's options; held by the conformance suite to exactly this. */
export interface Capabilities {
  /** What a resolved publish means: left this process; the broker has it; it survives the broker's restart. */
  readonly accepts: 'sent' | 'held' | 'stored'
  /** What a resolved subscribe means for messages published from then on. */
  readonly subscribes: 'exact' | 'server' | 'local'
  readonly settles: 'confirmed' | 'sent' | 'none'
  readonly groups: boolean
  /** Without a group: an outage leaves a gap ('live') or none ('replay'); false: everyone shares. */
  readonly broadcast: 'live' | 'replay' | false
  /** Of first deliveries to one consumer. */
  readonly ordered: 'topic' | 'key' | 'none'
  /** The messages of a key go to one consumer of the group. */
  readonly keyAffinity: boolean
  readonly attempts: 'durable' | 'process' | 'none'
  /**
   * How long a nack may ask to be away, and who holds it meanwhile. False: a nack with a `delay` is UNSUPPORTED; one
   * without still backs off, in this process. An adapter whose failures core holds back (`redelivery: 'process'`) and
   * that lets them be delayed says `{ where: 'process', max }`.
   */
  readonly nackDelay: false | { readonly where: 'broker' | 'process'; readonly max: number }
  readonly publishDelay: false | { readonly max: number; readonly exact: boolean }
  readonly ttl: 'broker' | 'delivery' | false
  /** Levels; 0 or 1 is none. */
  readonly priority: number
  readonly replays: boolean
  readonly patterns: boolean
  readonly leases: boolean
  readonly transactions: boolean
  /** The largest payload. */
  readonly maxBytes: number
  /** For how many ms a `dedupeId` is remembered; 0 is not at all. */
  readonly dedupes: number
  /** Another instance, opened with the same options, sees the same topics. */
  readonly shared: boolean
}

/** How a broker is, as far as this process knows. */
export interface Health {
  readonly state: 'idle' | 'opening' | 'up' | 'down' | 'closing' | 'closed'
  /** Deliveries handed over and not settled. */
  readonly inFlight: number
  readonly lastError?: Error
}

/** How far a group is behind. */
export interface Lag {
  /** Messages that the group has not settled. */
  readonly messages: number
  /** By partition or topic, where there is more than one. */
  readonly parts?: Readonly<Record<string, number>>
}

/** Whose place in the topic is to be made. */
export interface DeclareOptions extends WaitOptions {
  readonly group?: string
}

/** Work that happens wholly or not at all, where `capabilities.transactions`. */
export interface Transaction {
  publish(topic: Name, messages: Message | readonly Message[]): Promise<void>
  ack(delivery: Delivery): void
  /** The vendor's own handle (a pg client, a Kafka transaction…). */
  readonly native: unknown
}

/** A connection to a broker, as users see it. Opens by itself at first use. */
export interface Broker extends AsyncDisposable {
  /** 'memory', 'kafka', … for logs; ask `capabilities`, never the name. */
  readonly name: string
  readonly capabilities: Capabilities
  /** Optional: SERVER_TOO_OLD, AUTH and TOPOLOGY_MISMATCH come out here rather than at first use. */
  open(options?: WaitOptions): Promise<void>
  /** Makes the topic, and the group's place in it, so that what is published before its first subscriber is kept. */
  declare(topic: Name, options?: DeclareOptions): Promise<void>
  /**
   * Resolves when every message is accepted as `capabilities.accepts` says. Always ends: by signal or timeout.
   * @throws PUBLISH_FAILED with `failures`; what is checked before anything is sent throws its own code.
   */
  publish(topic: Name, messages: Message | readonly Message[], options?: PublishOptions): Promise<void>
  /** Resolves when what is published from now on will be seen, as `capabilities.subscribes` says. */
  subscribe(topic: Name | Pattern | readonly (Name | Pattern)[], options?: SubscribeOptions): Promise<Subscription>
  transaction?<T>(work: (transaction: Transaction) => Promise<T>): Promise<T>
  /** How far the group is behind in the topic; 0 where there is no such group. */
  lag?(topic: Name, group: string, options?: WaitOptions): Promise<Lag>
  /** No IO. */
  health(): Health
  /**
   * Closes every subscription (`timeout`, default 30,000 ms), waits for publishes and transactions under way (as long, but
   * a second at the least), disconnects. Safe twice: a later, shorter timeout counts.
   */
  close(options?: CloseOptions): Promise<Closed>
}

/** The part of a broker that publishes. */
export type Publisher = Pick<Broker, 'publish'>
/** The part of a broker that subscribes. */
export type Subscriber = Pick<Broker, 'subscribe' | 'capabilities'>
