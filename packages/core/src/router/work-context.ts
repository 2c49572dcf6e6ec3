import type { Clock } from '../clock/clock.ts'
import type { Delivery, Message, Name, PublishOptions, Transaction } from '../contract.ts'
import { isMillraceError } from '../errors.ts'
import type { BatchContext, Context, OutputMap } from '../handler.ts'
import type { Fields, Level, Logger } from '../logger.ts'
import { stamped } from '../middleware/correlation.ts'
import type { OutputContext, Outputs } from './outputs.ts'
import type { WriteTopic } from './topic.ts'

/** What all deliveries of a handler have in common. */
export interface Home {
  readonly handler: string
  readonly group: string | undefined
  readonly subscribeTopic: string
  readonly publishTopic: string | undefined
  readonly subscriber: string
  readonly publisher: string | undefined
  readonly logger: Logger
  readonly clock: Clock
  readonly outputs: Outputs
  /** Those whose signal somebody has read, to be aborted at a hard stop. */
  readonly watched: Set<WorkContext>
  /** Those that wait, to be called off when the handler is being stopped. */
  readonly waiting: Set<WorkContext>
  /** Why the handler takes nothing more in, once it does not. */
  draining: Error | undefined
  /** Why the handler was stopped hard, once it was. */
  stopped: Error | undefined
}

/**
 * What a handler is told of one delivery, or of a batch. Everything that costs something is made when it is first asked
 * for: a handler that reads no signal and logs nothing pays for one small object.
 */
export class WorkContext implements Context, BatchContext, OutputContext {
  readonly delivery: Delivery
  /** What it is ordered by, where its handler orders. */
  readonly key: string | undefined
  maps: OutputMap[] | undefined = undefined
  transaction: Transaction | undefined = undefined
  /** A transaction of which its ack was part is through. */
  committed = false
  /** A wait was called off because the handler is being stopped: what it waited for was not done, and did not fail. */
  calledOff = false
  readonly #home: Home
  readonly #batch: readonly Delivery[] | undefined
  #abort: AbortController | undefined = undefined
  #follow: (() => void) | undefined = undefined
  #waits: AbortController | undefined = undefined

  constructor(home: Home, delivery: Delivery, key?: string, batch?: readonly Delivery[]) {
    this.#home = home
    this.delivery = delivery
    this.key = key
    this.#batch = batch
  }

  get deliveries(): readonly Delivery[] {
    return this.#batch ?? [this.delivery]
  }

  get topic(): string {
    return this.delivery.topic
  }

  get cause(): Message {
    return this.delivery.message
  }

  get handler(): string {
    return this.#home.handler
  }

  get group(): string | undefined {
    return this.#home.group
  }

  get subscribeTopic(): string {
    return this.#home.subscribeTopic
  }

  get publishTopic(): string | undefined {
    return this.#home.publishTopic
  }

  get subscriber(): string {
    return this.#home.subscriber
  }

  get publisher(): string | undefined {
    return this.#home.publisher
  }

  get clock(): Clock {
    return this.#home.clock
  }

  get logger(): Logger {
    return new DeliveryLogger(this.#home.logger, this.delivery)
  }

  get signal(): AbortSignal {
    return this.#abort?.signal ?? this.#made()
  }

  publish<T>(
    topic: Name | WriteTopic<T>,
    values: T | Message | readonly (T | Message)[],
    options?: PublishOptions,
  ): Promise<void> {
    return this.#home.outputs.publish(topic as Name | WriteTopic<unknown>, values, options, this, correlate)
  }

  mapOutputs(map: OutputMap): void {
    if (this.maps === undefined) this.maps = [map]
    else if (!this.maps.includes(map)) this.maps.push(map)
  }

  get waiting(): AbortSignal {
    if (this.#waits) return this.#waits.signal
    const waits = new AbortController()
    this.#waits = waits
    const { signal } = this
    if (signal.aborted) waits.abort(signal.reason)
    else signal.addEventListener('abort', () => waits.abort(signal.reason), { once: true })
    this.#home.waiting.add(this)
    if (this.#home.draining) this.callOff(this.#home.draining)
    return waits.signal
  }

  /** The handler is being stopped: ends the waits, not the work. */
  callOff(reason: Error): void {
    if (this.#waits === undefined || this.#waits.signal.aborted) return
    this.calledOff = true
    this.#waits.abort(reason)
  }

  /** A hard stop. */
  cut(reason: Error): void {
    this.#abort?.abort(reason)
  }

  /** The work is over: stops following. */
  end(): void {
    if (this.#waits) this.#home.waiting.delete(this)
    if (this.#follow === undefined) return
    this.#home.watched.delete(this)
    for (const delivery of this.deliveries) delivery.signal.removeEventListener('abort', this.#follow)
    this.#follow = undefined
  }

  #made(): AbortSignal {
    const abort = new AbortController()
    this.#abort = abort
    const { stopped, watched } = this.#home
    if (stopped) {
      abort.abort(stopped)
      return abort.signal
    }
    watched.add(this)
    const { deliveries } = this
    // Lost when none of them is ours any more. A settlement is no reason to stop.
    const follow = (): void => {
      const gone = deliveries.find(({ signal }) => signal.aborted && !isMillraceError(signal.reason, 'SETTLED'))
      if (gone && deliveries.every(({ signal }) => signal.aborted)) abort.abort(gone.signal.reason)
    }
    this.#follow = follow
    for (const delivery of deliveries) delivery.signal.addEventListener('abort', follow, { once: true })
    follow()
    return abort.signal
  }
}

/** Adds which message it is about, and only when a line is really written. */
class DeliveryLogger implements Logger {
  readonly #logger: Logger
  readonly #delivery: Delivery

  constructor(logger: Logger, delivery: Delivery) {
    this.#logger = logger
    this.#delivery = delivery
  }

  enabled(level: Level): boolean {
    return this.#logger.enabled(level)
  }

  log(level: Level, text: string, fields?: Fields): void {
    if (this.enabled(level)) this.#logger.log(level, text, { ...this.#fields(), ...fields })
  }

  with(fields: Fields): Logger {
    return this.#logger.with({ ...this.#fields(), ...fields })
  }

  #fields(): Fields {
    const { message, topic, attempt } = this.#delivery
    return { message: message.id, topic, attempt }
  }
}

const correlate: OutputMap = (message, { cause }) => stamped(message, cause)
