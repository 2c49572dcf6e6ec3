import type { Clock } from './clock/clock.ts'
import type { Delivery, Message, Name, PublishOptions, Transaction } from './contract.ts'
import type { Logger } from './logger.ts'
import type { WriteTopic } from './router/topic.ts'

/**
 * What handles a value: the message itself, or what a typed topic decoded from it (a batch handler gets an array).
 * Whatever it returns goes to its outputs; a promise is awaited, anything else is not.
 */
export type Handler<C extends Attempt = Context> = (value: unknown, context: C) => unknown

/** Wraps a handler. Made once for each handler when it starts, called once for each attempt. */
export interface Middleware<C extends Attempt = Context> {
  (next: Handler<C>): Handler<C>
  /** Where it belongs when `use` does not say: inside the retries (default) or around them, once for each delivery. */
  readonly per?: 'attempt' | 'delivery'
}

/** Changes a message before it is published. Returns another one: messages are immutable. */
export type OutputMap = (message: Message, context: Attempt) => Message

/** What every handler is told, of one message or of a batch. */
export interface Attempt {
  /** The handler's name. */
  readonly handler: string
  readonly group: string | undefined
  /** What it subscribed to: names and patterns, joined by commas. */
  readonly subscribeTopic: string
  /** Where its results go. */
  readonly publishTopic: string | undefined
  /** The subscribing broker's name, where it has one. */
  readonly subscriber: string
  /** The publishing broker's name, where it has one. */
  readonly publisher: string | undefined
  /** Aborts when the attempt's time is over, the delivery is lost, or a close ran out of time; never at the ack. */
  readonly signal: AbortSignal
  /** For waits that are no work: aborts when `signal` does, and as soon as the handler is being stopped. Made on first read. */
  readonly waiting: AbortSignal
  readonly logger: Logger
  readonly clock: Clock
  /** With `atomic: true`: what the outputs and the ack are part of; `native` is the vendor's own handle. */
  readonly transaction: Transaction | undefined
  /** The message of which everything published here is a consequence: the first one of a batch. */
  readonly cause: Message
  /**
   * Publishes to any topic, at once: not held back until the handler is done.
   * Carries `correlation_id` (the incoming message's, else its id) and `causation_id` (the incoming message's id).
   */
  publish(topic: Name, messages: Message | readonly Message[], options?: PublishOptions): Promise<void>
  publish<T>(
    topic: WriteTopic<T>,
    values: T | Message | readonly (T | Message)[],
    options?: PublishOptions,
  ): Promise<void>
  /** Has everything that is published from here, returned or through `publish`, pass through `map`. The same map twice is once. */
  mapOutputs(map: OutputMap): void
}

/** What the handler of one message is told. One object for each delivery. */
export interface Context extends Attempt {
  readonly delivery: Delivery
  /** The concrete topic, also under a pattern. */
  readonly topic: string
}

/** What a batch handler is told. What it settles itself stays as it says; the rest follows its result. */
export interface BatchContext extends Attempt {
  /** In the order of the values; those that could not be decoded are not among them. */
  readonly deliveries: readonly Delivery[]
}
