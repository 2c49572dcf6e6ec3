import type { Clock } from '../clock/clock.ts'
import type { Delivery, Message, Name, PublishOptions, Transaction } from '../contract.ts'
import type { Attempt, BatchContext, Context, OutputMap } from '../handler.ts'
import type { Logger } from '../logger.ts'
import type { WriteTopic } from '../router/topic.ts'
import type { Bounded } from './deadlines.ts'

/**
 * A context with a signal of its own, which also follows the outer one; everything else is the outer one's.
 * So an attempt that is over its time leaves nothing behind for the next one. One object is scope and deadline at once.
 */
export class TimedScope implements Context, BatchContext, Bounded {
  at = 0
  before: Bounded | undefined = undefined
  after: Bounded | undefined = undefined
  /** Why it is over its time, once it is. */
  expired: Error | undefined = undefined
  readonly #outer: Attempt
  readonly #late: (scope: TimedScope) => Error
  #abort: AbortController | undefined = undefined
  #follow: (() => void) | undefined = undefined

  /** `late` is called when the time is over and gives the reason. */
  constructor(outer: Attempt, late: (scope: TimedScope) => Error) {
    this.#outer = outer
    this.#late = late
  }

  overdue(): void {
    this.expired = this.#late(this)
    this.#abort?.abort(this.expired)
  }

  /** What runs inside is over: stops following. The signal stays as it is. */
  end(): void {
    if (this.#follow) this.#outer.signal.removeEventListener('abort', this.#follow)
    this.#follow = undefined
  }

  get signal(): AbortSignal {
    return this.#abort?.signal ?? this.#made()
  }

  get waiting(): AbortSignal {
    return AbortSignal.any([this.signal, this.#outer.waiting])
  }

  #made(): AbortSignal {
    const abort = new AbortController()
    this.#abort = abort
    const outer = this.#outer.signal
    if (this.expired) abort.abort(this.expired)
    else if (outer.aborted) abort.abort(outer.reason)
    else {
      this.#follow = () => abort.abort(outer.reason)
      outer.addEventListener('abort', this.#follow, { once: true })
    }
    return abort.signal
  }

  get handler(): string {
    return this.#outer.handler
  }

  get group(): string | undefined {
    return this.#outer.group
  }

  get subscribeTopic(): string {
    return this.#outer.subscribeTopic
  }

  get publishTopic(): string | undefined {
    return this.#outer.publishTopic
  }

  get subscriber(): string {
    return this.#outer.subscriber
  }

  get publisher(): string | undefined {
    return this.#outer.publisher
  }

  get logger(): Logger {
    return this.#outer.logger
  }

  get clock(): Clock {
    return this.#outer.clock
  }

  get transaction(): Transaction | undefined {
    return this.#outer.transaction
  }

  get cause(): Message {
    return this.#outer.cause
  }

  get delivery(): Delivery {
    return (this.#outer as Context).delivery
  }

  get topic(): string {
    return (this.#outer as Context).topic
  }

  get deliveries(): readonly Delivery[] {
    return (this.#outer as BatchContext).deliveries
  }

  publish<T>(
    topic: Name | WriteTopic<T>,
    values: T | Message | readonly (T | Message)[],
    options?: PublishOptions,
  ): Promise<void> {
    return this.#outer.publish(topic as WriteTopic<T>, values, options)
  }

  mapOutputs(map: OutputMap): void {
    this.#outer.mapOutputs(map)
  }
}
