import type { Clock } from '../clock/clock.ts'
import type { Delivery, Message, Name, PublishOptions, Transaction } from '../contract.ts'
import type { Attempt, BatchContext, Context, OutputMap } from '../handler.ts'
import type { Logger } from '../logger.ts'
import type { Topic } from '../router/topic.ts'

/**
 * A context with a signal of its own, which also follows the outer one; everything else is the outer one's.
 * So whoever bounds an attempt leaves nothing behind for the next one.
 */
export class Scope implements Context, BatchContext {
  readonly #outer: Attempt
  #abort: AbortController | undefined
  #reason: Error | undefined
  #follow: (() => void) | undefined

  constructor(outer: Attempt) {
    this.#outer = outer
  }

  get signal(): AbortSignal {
    return this.#abort?.signal ?? this.#made()
  }

  /** Aborts what runs inside. */
  abort(reason: Error): void {
    this.#reason = reason
    this.#abort?.abort(reason)
  }

  /** What runs inside is over: stops following. The signal stays as it is. */
  end(): void {
    if (this.#follow) this.#outer.signal.removeEventListener('abort', this.#follow)
    this.#follow = undefined
  }

  #made(): AbortSignal {
    const abort = new AbortController()
    this.#abort = abort
    const outer = this.#outer.signal
    if (this.#reason) abort.abort(this.#reason)
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

  publish<T>(topic: Name | Topic<T>, values: T | Message | readonly (T | Message)[], options?: PublishOptions): Promise<void> {
    return this.#outer.publish(topic as Topic<T>, values, options)
  }

  mapOutputs(map: OutputMap): void {
    this.#outer.mapOutputs(map)
  }
}
