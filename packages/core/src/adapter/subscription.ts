import type {
  BatchOptions,
  Closed,
  CloseOptions,
  Delivery,
  NackOptions,
  RejectOptions,
  Subscription,
  SubscriptionEvent,
  SubscriptionEventName,
  SubscribeOptions,
  WaitOptions,
} from '../contract.ts'
import { milliseconds } from '../bounds.ts'
import { asError, MillraceError } from '../errors.ts'
import { isPattern } from '../pattern.ts'
import { orAborted } from './abort.ts'
import { attach } from './attach.ts'
import { HandedDelivery, type Holder } from './delivery.ts'
import type { AttachSpec, Raw, Sink, Source } from './driver.ts'
import { each } from './each.ts'
import { Failed } from './failed.ts'
import { Grace, graceOf } from './grace.ts'
import { HoldBack } from './hold-back.ts'
import { InHand } from './in-hand.ts'
import { Inbox } from './inbox.ts'
import { LeaseKeeper } from './lease-keeper.ts'
import { mendable } from './link.ts'
import { Listeners } from './listeners.ts'
import { Mortuary } from './mortuary.ts'
import { LONGEST_LEASE, unsupported, type SubscribePlan } from './options.ts'
import type { SubscriptionHost } from './subscription-host.ts'
import { Outbox } from './outbox.ts'

type State =
  | { readonly is: 'down' }
  | { readonly is: 'up'; readonly source: Source }
  | { readonly is: 'draining'; readonly source: Source | undefined; readonly done: Promise<Closed> }
  | { readonly is: 'closed'; readonly done: Promise<Closed> }

/** Settlements sent at once at the latest; half the prefetch where that is less, so that the broker never runs dry. */
const SETTLE_BATCH = 256

/** ms that the broker has at a close to confirm what was settled and to let go, at the least: over a dead link it never would. */
const LAST_WORDS = 5_000

/** One subscription over any driver: what is hard and the same everywhere. */
export class CoreSubscription implements Subscription, Holder, Sink {
  readonly closed: Promise<Error | undefined>
  readonly #host: SubscriptionHost
  readonly #plan: SubscribePlan
  readonly #options: SubscribeOptions
  readonly #inbox: Inbox
  readonly #outbox: Outbox
  readonly #inHand = new InHand()
  readonly #holdBack: HoldBack
  readonly #leases: LeaseKeeper | undefined
  readonly #mortuary: Mortuary
  readonly #failed: Failed
  readonly #listeners = new Listeners()
  readonly #life = new AbortController()
  readonly #grace: Grace
  #state: State = { is: 'down' }
  #place: string | undefined
  #resolveClosed: (error: Error | undefined) => void = () => undefined
  #quiet: (() => void) | undefined
  #unlisten: () => void = () => undefined

  constructor(host: SubscriptionHost, plan: SubscribePlan, options: SubscribeOptions) {
    const { driver, clock } = host
    this.#host = host
    this.#plan = plan
    this.#options = options
    this.#grace = new Grace(clock)
    this.closed = new Promise(resolve => (this.#resolveClosed = resolve))
    this.#outbox = new Outbox({
      most: Math.max(1, Math.min(SETTLE_BATCH, plan.prefetch >> 1)),
      sent: freed => this.#more(freed),
      failed: error => host.failed(asError(error)),
    })
    this.#inbox = new Inbox({
      clock,
      prefetch: plan.prefetch,
      hand: delivery => this.#hand(delivery),
      idle: () => this.#outbox.send(),
      pull: () => this.#pull(),
    })
    this.#holdBack = new HoldBack(clock, delivery => this.#arrive(delivery.raw, delivery.attempt + 1))
    this.#mortuary = new Mortuary({
      plan,
      write: (topic, message) => host.write(topic, message),
      declare: topic => driver.declare(topic, { dead: true }, this.#life.signal),
    })
    this.#failed = new Failed({
      driver,
      plan,
      inHand: this.#inHand,
      outbox: this.#outbox,
      holdBack: this.#holdBack,
      mortuary: this.#mortuary,
      draining: () => this.#state.is === 'draining',
      less: () => this.#checkQuiet(),
      refused: error => host.failed(error),
    })
    if (driver.capabilities.leases)
      this.#leases = new LeaseKeeper({
        clock,
        lease: plan.lease,
        maxLease: plan.maxLease,
        busy: () => this.#inHand.size + this.#holdBack.size > 0,
        extend: young => this.#extendAll(young),
      })
  }

  // ---- for the broker -------------------------------------------------------------------------------------------

  /** Attaches for the first time. Rejects with what kept it from it. */
  async start(signal: AbortSignal): Promise<void> {
    await this.#attach(this.#plan.from, signal)
    const own = this.#options.signal
    if (own) {
      const onAbort = (): void => void this.close({ timeout: 0 })
      own.addEventListener('abort', onAbort, { once: true })
      this.#unlisten = () => own.removeEventListener('abort', onAbort)
      if (own.aborted) onAbort()
    }
  }

  /** Deliveries handed over, buffered or held back, and not settled. */
  get inFlight(): number {
    return this.#inHand.size + this.#holdBack.size + this.#mortuary.size
  }

  /** The raw delivery behind one of ours that is still open; for transactions. */
  sourceOf(delivery: Delivery): { source: Source; raw: Raw } | undefined {
    if (!(delivery instanceof HandedDelivery) || !delivery.linked) return undefined
    return this.#source && { source: this.#source, raw: delivery.raw }
  }

  /** It was settled by a transaction. */
  forget(delivery: Delivery): void {
    if (!(delivery instanceof HandedDelivery) || !this.#inHand.remove(delivery)) return
    delivery.committed()
    if (this.#mortuary.remembers) this.#mortuary.forget(delivery)
    this.#more(1)
    this.#checkQuiet()
  }

  // ---- Subscription ---------------------------------------------------------------------------------------------

  receive(options?: WaitOptions): Promise<Delivery> {
    return this.#inbox.receive(options)
  }

  tryReceive(): Delivery | undefined {
    return this.#inbox.tryReceive()
  }

  [Symbol.asyncIterator](): AsyncIterator<Delivery> {
    return this.#inbox.iterator()
  }

  each(handler: (delivery: Delivery) => void | Promise<void>, options?: WaitOptions): Promise<void> {
    if (typeof handler !== 'function')
      return Promise.reject(new MillraceError('BAD_OPTION', 'each: it takes a function'))
    return each({ handler, signal: options?.signal, inbox: this.#inbox, lent: () => this.#lent() })
  }

  batches(options: BatchOptions): AsyncIterable<Delivery[]> {
    return this.#inbox.batches(options)
  }

  flush(options?: WaitOptions): Promise<void> {
    return orAborted(this.#flush(), options?.signal, 'flush')
  }

  position(): string | undefined {
    return this.#state.is === 'up' ? this.#state.source.position?.() : this.#place
  }

  on(event: SubscriptionEventName, listener: (event: SubscriptionEvent) => void): () => void {
    return this.#listeners.on(event, listener)
  }

  async close(options: CloseOptions = {}): Promise<Closed> {
    const timeout = graceOf(options)
    if (this.#state.is !== 'draining' && this.#state.is !== 'closed') this.#drain(undefined)
    if (this.#state.is === 'draining') this.#grace.within(timeout)
    return (this.#state as State & { is: 'draining' | 'closed' }).done
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  // ---- Holder: what deliveries ask --------------------------------------------------------------------------------

  kept(delivery: HandedDelivery): void {
    const source = this.#source
    if (source === undefined) return delivery.lose('LOST') // it went while the handler ran, and took back what it had lent
    source.keep?.(delivery.raw)
    this.#inHand.add(delivery)
    this.#leases?.arm()
  }

  done(delivery: HandedDelivery): void {
    if (!this.#ackedAtOnce(delivery)) this.#outbox.add(delivery)
  }

  settled(delivery: HandedDelivery): void {
    this.#inHand.remove(delivery)
    if (delivery.outcome !== 'ack' || !this.#ackedAtOnce(delivery)) this.#outbox.add(delivery)
    else if (this.#inbox.wanted) this.#inbox.refill()
    if (this.#mortuary.remembers) this.#mortuary.forget(delivery)
    if (this.#quiet) this.#checkQuiet()
  }

  nacked(delivery: HandedDelivery, options: NackOptions): void {
    this.#failed.nacked(delivery, options)
  }

  rejected(delivery: HandedDelivery, options: RejectOptions): void {
    this.#failed.rejected(delivery, options)
  }

  async extend(delivery: HandedDelivery, atLeast: number | undefined): Promise<number> {
    const state = this.#state
    if (!this.#leases || (state.is !== 'up' && state.is !== 'draining') || !state.source?.extend)
      throw unsupported(this.#host.driver.name, 'extend')
    if (atLeast !== undefined) milliseconds('extend: atLeast', atLeast, 0, LONGEST_LEASE)
    const lease = Math.max(this.#plan.lease, atLeast ?? 0)
    const lost = await state.source.extend([delivery.raw], lease)
    if (lost.length > 0) {
      this.lost(lost)
      throw new MillraceError('LOST', 'the lease was over')
    }
    delivery.tick = this.#leases.tick + Math.ceil((lease - this.#plan.lease) / Math.max(1, this.#plan.lease / 3))
    return lease
  }

  // ---- Sink: what the driver tells ---------------------------------------------------------------------------------

  deliver(batch: readonly Raw[]): void {
    if (this.#state.is === 'closed' || this.#state.is === 'draining') return
    for (let i = 0; i < batch.length; i++) {
      const raw = batch[i]! // i < length
      this.#arrive(raw, raw.attempt)
    }
  }

  ready(): boolean {
    return this.#state.is === 'up' && this.#inbox.refill()
  }

  lost(which: readonly Raw[]): void {
    const gone = new Set(which)
    const deliveries = this.#lose(delivery => gone.has(delivery.raw))
    const count = deliveries.length
    if (count === 0) return
    this.#more(count)
    this.#listeners.tell({ event: 'lost', count, deliveries })
    this.#checkQuiet()
  }

  gap(reason: string): void {
    this.#listeners.tell({ event: 'gap', reason })
  }

  down(error: Error): void {
    const state = this.#state
    if (state.is === 'closed' || state.is === 'down') return
    this.#host.failed(error)
    this.#place = state.source?.position?.() ?? this.#place
    this.#outbox.connect(undefined)
    const deliveries = this.#lose(() => true)
    const count = deliveries.length
    if (state.is === 'up') {
      this.#state = { is: 'down' }
      this.#listeners.tell({ event: 'down', error })
    }
    if (count > 0) this.#listeners.tell({ event: 'lost', count, deliveries, error })
    this.#checkQuiet()
    if (state.is !== 'up') return
    if (mendable(error)) {
      this.#host.link.broken(error)
      this.#recover().catch((failure: unknown) => this.#drain(asError(failure)))
    } else this.#drain(error)
  }

  // ---- private ------------------------------------------------------------------------------------------------------

  /** Where work in hand settles: while it drains, too. Not for what is done for every message: there it would be a call. */
  get #source(): Source | undefined {
    const state = this.#state
    return state.is === 'up' || state.is === 'draining' ? state.source : undefined
  }

  /** Sources that are pulled are told of an ack then and there: there is nothing to send. */
  #ackedAtOnce(delivery: HandedDelivery): boolean {
    const state = this.#state
    if ((state.is !== 'up' && state.is !== 'draining') || state.source?.done === undefined) return false
    state.source.done(delivery.raw)
    return true
  }

  #arrive(raw: Raw, attempt: number): void {
    const delivery = this.#welcome(raw, attempt)
    if (delivery) this.#inbox.push(delivery)
  }

  /** Takes a raw delivery into hand. Undefined for one that no handler can be given: that goes to its grave. */
  #welcome(raw: Raw, attempt: number): HandedDelivery | undefined {
    const delivery = new HandedDelivery(raw, attempt, this, this.#leases === undefined ? 0 : this.#leases.tick)
    if (raw.message === undefined) {
      this.#failed.bury(delivery, raw.undecodable?.error)
      return undefined
    }
    // A broker's own counter also counts hand-outs that were never handled; five times ours is the net beneath.
    if (raw.attempt > 5 * this.#plan.maxDeliveries) {
      this.#failed.bury(delivery, 'handed out too often without being settled: it may kill its consumers')
      return undefined
    }
    this.#inHand.add(delivery)
    this.#leases?.arm()
    return delivery
  }

  /** The last look before a delivery leaves: an expired one never does. */
  #hand(delivery: HandedDelivery): boolean {
    const { expires } = delivery.raw
    if (expires === undefined || expires > this.#host.clock.now()) return true
    this.#inHand.remove(delivery)
    delivery.lose('LOST')
    delivery.decide('ack', 0, 'expired')
    this.#outbox.add(delivery)
    return false
  }

  /** Takes from wherever they are those that it applies to, and tells whoever has them. */
  #lose(gone: (delivery: HandedDelivery) => boolean): HandedDelivery[] {
    const lost = [...this.#holdBack.take(gone), ...this.#mortuary.take(gone)]
    for (const delivery of this.#inHand)
      if (gone(delivery)) {
        this.#inHand.remove(delivery)
        delivery.lose('LOST')
        lost.push(delivery)
      }
    this.#inbox.drop(delivery => !delivery.open)
    return lost
  }

  #more(credit: number): void {
    if (this.#state.is !== 'up') return
    const { source } = this.#state
    if (source.request) source.request(credit)
    else this.#inbox.refill()
  }

  /** The next of a source that lends, for a handler that runs at once: it is not in hand unless it must be `kept`. */
  #lent(): HandedDelivery | undefined {
    if (this.#state.is !== 'up' || this.#full) return undefined
    const raw = this.#state.source.lend?.()
    return raw && new HandedDelivery(raw, 1, this, this.#leases === undefined ? 0 : this.#leases.tick)
  }

  /** As much is in this process as may be. */
  get #full(): boolean {
    return this.#inHand.size + this.#holdBack.size + this.#mortuary.size >= this.#plan.prefetch
  }

  /** The next delivery of a source that is pulled, as far as the prefetch allows. */
  #pull(): HandedDelivery | undefined {
    if (this.#state.is !== 'up') return undefined
    const { source } = this.#state
    while (source.take && !this.#full) {
      const raw = source.take()
      if (raw === undefined) return undefined
      const delivery = this.#welcome(raw, raw.attempt)
      if (delivery) return delivery
    }
    return undefined
  }

  #extendAll(young: (tick: number) => boolean): void {
    const state = this.#state
    if ((state.is !== 'up' && state.is !== 'draining') || !state.source?.extend) return
    const raws: Raw[] = []
    for (const delivery of this.#inHand) if (young(delivery.tick)) raws.push(delivery.raw)
    for (const delivery of this.#holdBack) raws.push(delivery.raw)
    if (raws.length === 0) return
    state.source.extend(raws, this.#plan.lease).then(
      lost => lost.length > 0 && this.lost(lost),
      (error: unknown) => this.#host.failed(asError(error)),
    )
  }

  async #attach(from: AttachSpec['from'], signal: AbortSignal): Promise<void> {
    const { topics, group, prefetch, lease, maxDeliveries } = this.#plan
    const options = this.#options
    const source = await attach({
      host: this.#host,
      spec: { topics, ...(group !== undefined && { group }), from, prefetch, lease, maxDeliveries, options },
      sink: this,
      dead: topics.flatMap(topic => (isPattern(topic) ? [] : [this.#mortuary.target(topic)])),
      signal,
    })
    if (this.#life.signal.aborted || signal.aborted) {
      await this.#stopLate(source)
      throw signal.aborted ? signal.reason : closed()
    }
    this.#state = { is: 'up', source }
    this.#outbox.connect(source)
    source.request?.(prefetch)
    if (source.take) this.#inbox.refill()
  }

  /** What stands only now that nobody wants it any more. */
  async #stopLate(source: Source): Promise<void> {
    const grace = new Grace(this.#host.clock)
    grace.within(0)
    const last = grace.last(LAST_WORDS, closed)
    await source.stop(last.signal).finally(() => last.end())
  }

  async #recover(): Promise<void> {
    const { capabilities } = this.#host.driver
    const { group, from } = this.#plan
    const replays = group === undefined && capabilities.broadcast === 'replay'
    const again =
      group !== undefined ? from : replays && this.#place !== undefined ? { after: this.#place } : ('latest' as const)
    await this.#attach(again, this.#life.signal)
    this.#listeners.tell({ event: 'up' })
    if (group === undefined && !replays)
      this.#listeners.tell({
        event: 'gap',
        reason: 'the link was down; this subscription keeps no place with the broker',
      })
  }

  async #flush(): Promise<void> {
    await this.#mortuary.settled()
    await this.#outbox.flush()
  }

  #drain(error: Error | undefined): void {
    if (this.#state.is === 'draining' || this.#state.is === 'closed') return
    const source = this.#state.is === 'up' ? this.#state.source : undefined
    const done = this.#finish(source, error)
    // #finish has run as far as its first wait: it set no state.
    this.#state = { is: 'draining', source, done }
    if (error) this.#grace.within(0)
  }

  async #finish(source: Source | undefined, error: Error | undefined): Promise<Closed> {
    let released = 0
    const giveBack = (delivery: HandedDelivery, outcome: 'release' | 'nack'): void => {
      this.#inHand.remove(delivery)
      delivery.lose('CLOSED')
      delivery.decide(outcome)
      this.#outbox.add(delivery)
      released++
    }
    source?.pause()
    for (const delivery of this.#inbox.end(error)) giveBack(delivery, 'release')
    for (const delivery of this.#holdBack.take()) giveBack(delivery, 'nack')
    await Promise.resolve() // so that #drain has set the state before anything below looks at it
    const quiet = new Promise<void>(resolve => {
      this.#quiet = resolve
      this.#checkQuiet()
    })
    await Promise.race([quiet, this.#grace.over])
    for (const delivery of this.#inHand.take()) giveBack(delivery, 'release')
    for (const delivery of this.#mortuary.take()) giveBack(delivery, 'release')
    this.#unlisten()
    this.#leases?.stop()
    this.#life.abort(closed())
    const flushed = this.#outbox.flush().catch(() => undefined) // told through health already
    const last = this.#grace.last(LAST_WORDS, closed)
    await Promise.race([flushed, last.over])
    await source?.stop(last.signal).catch((failure: unknown) => this.#host.failed(asError(failure)))
    last.end()
    this.#grace.cancel()
    this.#place = source?.position?.() ?? this.#place
    this.#outbox.connect(undefined)
    this.#state = { is: 'closed', done: Promise.resolve({ released }) }
    this.#host.ended(this)
    this.#resolveClosed(error)
    return { released }
  }

  /** Nothing is in hand any more: a drain need not wait longer. */
  #checkQuiet(): void {
    if (this.#quiet && this.#inHand.size === 0 && this.#mortuary.size === 0) this.#quiet()
  }
}

function closed(): MillraceError {
  return new MillraceError('CLOSED', 'the subscription is closed')
}
