import type { Delivery, Message, NackOptions, RejectOptions } from '../contract.ts'
import type { ErrorCode } from '../errors.ts'
import { milliseconds } from '../bounds.ts'
import { MillraceError } from '../errors.ts'
import type { Raw, Settlement } from './driver.ts'
import { takenOff } from './taken-off.ts'

/** What a delivery asks of the subscription that handed it over. */
export interface Holder {
  /** A lent one is in hand from now on. */
  kept(delivery: HandedDelivery): void
  /** A lent one was acked without ever having been kept. */
  done(delivery: HandedDelivery): void
  settled(delivery: HandedDelivery): void
  nacked(delivery: HandedDelivery, options: NackOptions): void
  rejected(delivery: HandedDelivery, options: RejectOptions): void
  extend(delivery: HandedDelivery, atLeast: number | undefined): Promise<number>
}

/** What was decided about it, or 'lost' when it was decided elsewhere. */
type Decision = 'ack' | 'nack' | 'reject' | 'release' | 'lost'

/** What most deliveries never need. */
interface Rare {
  outcome?: Settlement['outcome']
  delay?: number
  why?: Settlement['why']
  abort?: AbortController
  code?: ErrorCode
}

/**
 * A delivery and, once decided, its own settlement: one object for a message's whole way through a subscription.
 * `newer` and `older` link those in hand, so that none has to be looked up.
 */
export class HandedDelivery implements Delivery, Settlement {
  readonly raw: Raw
  readonly attempt: number
  newer: HandedDelivery | undefined = undefined
  older: HandedDelivery | undefined = undefined
  /** Whether it is in the list of those in hand. */
  linked = false
  /** The lease keeper's tick when it was handed over or last extended by hand. */
  tick: number
  readonly #holder: Holder
  #decision: Decision | undefined = undefined
  #rare: Rare | undefined = undefined

  constructor(raw: Raw, attempt: number, holder: Holder, tick: number) {
    this.raw = raw
    this.attempt = attempt
    this.#holder = holder
    this.tick = tick
  }

  /** Whether that subscription handed it over. */
  heldBy(holder: Holder): boolean {
    return this.#holder === holder
  }

  get message(): Message {
    return this.raw.message! // those that could not be read are never handed over
  }

  get topic(): string {
    return this.raw.topic
  }

  get redelivered(): boolean {
    return this.raw.redelivered ?? this.attempt > 1
  }

  get time(): number | undefined {
    return this.raw.time
  }

  get expires(): number | undefined {
    return this.raw.expires
  }

  get position(): string | undefined {
    return this.raw.position
  }

  get origin(): Readonly<Record<string, string | number>> {
    return this.raw.origin
  }

  get outcome(): Settlement['outcome'] {
    return this.#rare?.outcome ?? 'ack'
  }

  get delay(): number {
    return this.#rare?.delay ?? 0
  }

  get why(): Settlement['why'] {
    return this.#rare?.why
  }

  /** How its settlement is to read; an ack without a word otherwise. */
  decide(outcome: Settlement['outcome'], delay = 0, why?: Settlement['why']): void {
    const rare = (this.#rare ??= {})
    rare.outcome = outcome
    rare.delay = delay
    rare.why = why
  }

  get signal(): AbortSignal {
    this.#rare ??= {}
    const abort = (this.#rare.abort ??= new AbortController())
    if (this.#decision !== undefined && !abort.signal.aborted) abort.abort(ended(this.#rare.code ?? 'SETTLED'))
    return abort.signal
  }

  ack(): boolean {
    if (this === undefined) throw takenOff('ack')
    if (this.#decision === undefined) {
      this.#decision = 'ack'
      this.#end('SETTLED')
      this.#holder.settled(this)
      return true
    }
    return this.#again('ack')
  }

  nack(options: NackOptions = {}): boolean {
    if (this === undefined) throw takenOff('nack')
    this.keep()
    if (this.#decision !== undefined) return this.#again('nack')
    if (options.delay !== undefined) milliseconds('nack: delay', options.delay, 0, Number.MAX_SAFE_INTEGER)
    this.#holder.nacked(this, options) // may refuse a delay that the broker cannot keep
    this.#decision = 'nack'
    this.#end('SETTLED')
    return true
  }

  reject(options: RejectOptions = {}): boolean {
    if (this === undefined) throw takenOff('reject')
    this.keep()
    if (this.#decision !== undefined) return this.#again('reject')
    this.#holder.rejected(this, options) // may refuse for want of a dead-letter topic
    this.#decision = 'reject'
    this.#end('SETTLED')
    return true
  }

  release(): boolean {
    if (this === undefined) throw takenOff('release')
    this.keep()
    if (this.#decision !== undefined) return this.#again('release')
    this.#decision = 'release'
    this.decide('release')
    this.#end('SETTLED')
    this.#holder.settled(this)
    return true
  }

  extend(atLeast?: number): Promise<number> {
    if (this === undefined) return Promise.reject(takenOff('extend'))
    this.keep()
    if (this.#decision !== undefined)
      return Promise.reject(
        new MillraceError(this.#decision === 'lost' ? 'LOST' : 'SETTLED', 'there is no lease to extend'),
      )
    return this.#holder.extend(this, atLeast)
  }

  /** It belongs to someone else now, or the subscription closed: nothing that is said of it counts any more. */
  lose(code: 'LOST' | 'CLOSED'): void {
    if (this.#decision !== undefined) return
    this.#decision = 'lost'
    this.#end(code)
  }

  /** A transaction acked it: decided, and the broker knows. */
  committed(): void {
    if (this.#decision !== undefined) return
    this.#decision = 'ack'
    this.#end('SETTLED')
  }

  /** Acks a lent delivery: one that its handler was done with before anybody had to keep it. */
  finish(): void {
    if (this.#decision !== undefined) return
    if (this.linked || this.#rare !== undefined) return void this.ack()
    this.#decision = 'ack'
    this.#holder.done(this)
  }

  /** A lent delivery is to be in hand: its handler goes on, or it is not just acked. */
  keep(): void {
    if (this.#decision === undefined && !this.linked) this.#holder.kept(this)
  }

  /** Still to be decided by whoever has it. */
  get open(): boolean {
    return this.#decision === undefined
  }

  #again(decision: Decision): boolean {
    if (this.#decision === decision) return true
    if (this.#decision === 'lost') return false
    throw new MillraceError(
      'SETTLED',
      `message ${this.message.id} was settled by ${this.#decision}(), not ${decision}()`,
    )
  }

  #end(code: 'SETTLED' | 'LOST' | 'CLOSED'): void {
    if (code !== 'SETTLED') (this.#rare ??= {}).code = code
    this.#rare?.abort?.abort(ended(code))
  }
}

function ended(code: ErrorCode): MillraceError {
  const means =
    code === 'SETTLED'
      ? 'the delivery is settled'
      : code === 'LOST'
        ? 'the delivery was lost'
        : 'the subscription closed'
  return new MillraceError(code, means)
}
