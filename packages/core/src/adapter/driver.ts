/**
 * What an adapter's author writes. `broker(driver)` makes a `Broker` of it: waits, iterators, batches, settling once,
 * backoff, attempts, hold-back, leases, dead letters, reconnection and drain are core's, and the same everywhere.
 */
import type { Clock } from '../clock/clock.ts'
import type { Capabilities, DeclareOptions, Failure, From, Lag, Message, SubscribeOptions } from '../contract.ts'
import type { Pattern } from '../pattern.ts'

/** One backend. All of its errors are `MillraceError`s; `DISCONNECTED` makes core open it again and go on. */
export interface Driver {
  readonly name: string
  /** Never changes; core refuses what is not in it before the driver is asked. */
  readonly capabilities: Capabilities
  /**
   * The names of the options of `subscribe` that are this broker's own; core then refuses those that there are not.
   * Where it is absent, core lets every option through.
   */
  readonly subscribeOptions?: readonly string[]
  /** What core's timers run on; the system's clock where absent. */
  readonly clock?: Clock
  /**
   * Called once, before all else: `lost` is to be told when a connection that stood is there no more, as soon as that is
   * known, so that `health` says so and core opens it again. Where it is absent, core learns of it from sources and by
   * the next write.
   */
  watch?(lost: (error: Error) => void): void
  /** Connects if it is not connected. Core calls it before first use and, with backoff, after every `DISCONNECTED` and `down`. */
  open(signal: AbortSignal): Promise<void>
  /** Makes the topic (and the group's place in it) if the topology option allows. Called again after each reconnection. */
  declare(topic: string, how: DeclareHow, signal: AbortSignal): Promise<void>
  /**
   * Sends a batch, in order. Answers which messages were not accepted: [] is all accepted. May answer without a promise.
   * Rejects with `DISCONNECTED` only when *nothing* of the batch was sent; after that, a failure for each message.
   * Throws (rather than rejects) what it finds wrong before it sends anything. Pipelining is the driver's: core calls
   * again without waiting. After an answer without a promise the options are core's again.
   */
  write(
    topic: string,
    batch: readonly Message[],
    options: WriteOptions,
  ): readonly Failure[] | Promise<readonly Failure[]>
  /** True of a topic that exists here, so that its name need not be checked again. No IO. */
  knows?(topic: string): boolean
  /** Begins to consume, with no credit. Resolves as `capabilities.subscribes` says. */
  attach(spec: AttachSpec, sink: Sink, signal: AbortSignal): Promise<Source>
  transaction?<T>(work: (transaction: DriverTransaction) => Promise<T>, signal: AbortSignal): Promise<T>
  lag?(topic: string, group: string, signal: AbortSignal): Promise<Lag>
  /**
   * Sends what is buffered, then disconnects. Called once, after every source was stopped. At the abort the time that the
   * close was given is over: what has not been answered never will be.
   */
  close(signal: AbortSignal): Promise<void>
}

/** What a topic is declared for. */
export interface DeclareHow extends Pick<DeclareOptions, 'group'> {
  /** Set for a dead-letter topic, declared by core itself: what is published to it must never vanish for want of a reader. */
  readonly dead?: boolean
}

/** One publish's options as the driver needs them: checked, with moments instead of spans. */
export interface WriteOptions {
  /** The moment before which it is not to be delivered, in ms since the epoch. */
  readonly notBefore?: number
  /** The moment after which it is not to be delivered, in ms since the epoch. */
  readonly expires?: number
  readonly priority?: number
  readonly dedupeId?: string
  /** Made when first read. Aborts at the caller's abort and at the timeout, with the `MillraceError` as its reason. */
  readonly signal: AbortSignal
}

/** What a source is to deliver, with every default in place. */
export interface AttachSpec {
  readonly topics: readonly (string | Pattern)[]
  readonly group?: string
  /** Resolved default included. On a re-attachment after an outage: `{ after }` where the source had a position. */
  readonly from: From
  readonly prefetch: number
  readonly lease?: number
  readonly maxDeliveries: number
  /** The caller's options as they are, for what is the broker's own. */
  readonly options: SubscribeOptions
}

/** Where messages come from, for one subscription: pushed within a credit, or pulled. Exactly one of the two. */
export interface Source {
  /** Pushed: so many more may be delivered. */
  request?(credit: number): void
  /** Pulled: the next message, at once. After undefined the source calls `sink.ready` when there is one again. */
  take?(): Raw | undefined
  /** Pulled: this one is acked, at once. For handlers that need no waiting. */
  done?(raw: Raw): void
  /**
   * Pulled, with `done` and `keep`: the next message, for a handler that runs at once. Before this turn ends, and before
   * the source is asked anything else about it, it is `done` or kept: nobody need remember it until then. Only for a
   * first attempt at what can be read and does not expire; undefined for any other, and where there is none: then core
   * takes.
   */
  lend?(): Raw | undefined
  /** What was lent is in hand from now on, as if it had been taken. */
  keep?(raw: Raw): void
  /**
   * Exactly these, nothing beyond. Resolves when sent, and confirmed where `settles` is 'confirmed'.
   * The array belongs to core: use it before returning.
   */
  settle(batch: readonly Settlement[]): void | Promise<void>
  /** Extends leases by `lease` ms from now. Resolves to those that were lost. Needed where `capabilities.leases`. */
  extend?(batch: readonly Raw[], lease: number): Promise<readonly Raw[]>
  /** Everything up to here is settled; opaque. For `broadcast: 'replay'` and `Subscription.position`. */
  position?(): string | undefined
  /** Deliver nothing more; settlements are still to come. Called once, before `stop`. */
  pause(): void
  /**
   * Ends it. Core has settled or released everything before; what is delivered after is not taken. At the abort the time
   * that the close was given is over, and a few seconds for last words: what has not been answered never will be.
   */
  stop(signal: AbortSignal): Promise<void>
}

/** Where messages go: core's end. Every call is cheap and runs none of the user's code. */
export interface Sink {
  /** The array is the driver's and may be reused after the call. */
  deliver(batch: readonly Raw[]): void
  /** Pulled sources: there is something to take again. False when nobody waits here: then another may have it. */
  ready(): boolean
  /** These no longer belong to this consumer (lease over, partition revoked): settling them does nothing. */
  lost(which: readonly Raw[]): void
  /** Messages may have been missed. */
  gap(why: string): void
  /** The source is dead, and everything un-settled with it lost. `retry: false` ends the subscription with the error. */
  down(error: Error): void
}

/** A message as the broker handed it over. The driver may add fields of its own: the same object comes back in settlements. */
export interface Raw {
  readonly topic: string
  /** Absent where the bytes could not be read; then `undecodable` says why. */
  readonly message: Message | undefined
  readonly undecodable?: { readonly error: Error; readonly payload: Uint8Array }
  /** 1 the first time, as far as is known. */
  readonly attempt: number
  readonly redelivered?: boolean
  readonly time?: number | undefined
  /** ms since the epoch; core never hands over what has expired. */
  readonly expires?: number | undefined
  readonly position?: string | undefined
  readonly origin: Readonly<Record<string, string | number>>
}

/** What became of one raw delivery. */
export interface Settlement {
  readonly raw: Raw
  /**
   * ack: done with. nack: it failed; again after `delay`. release: again soon, not a failure.
   * hold: it failed and waits in this process (`redelivery: 'process'`); the broker's view does not change, but `attempt` grew.
   */
  readonly outcome: 'ack' | 'nack' | 'release' | 'hold'
  /** ms, for nack. */
  readonly delay: number
  /** The attempt that just ended. */
  readonly attempt: number
  /** Why an ack stands for a message that no handler finished. */
  readonly why: 'dead-lettered' | 'discarded' | 'expired' | undefined
}

/** A transaction as the driver gives it: what is written and acked through it happens wholly or not at all. */
export interface DriverTransaction {
  write(topic: string, batch: readonly Message[]): Promise<void>
  ack(source: Source, raw: Raw): void
  readonly native: unknown
}
