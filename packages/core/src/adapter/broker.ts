import type {
  Broker,
  Capabilities,
  Closed,
  CloseOptions,
  DeclareOptions,
  Delivery,
  Health,
  Lag,
  Message,
  PublishOptions,
  SubscribeOptions,
  Subscription,
  Transaction,
  WaitOptions,
} from '../contract.ts'
import type { Clock } from '../clock/clock.ts'
import { systemClock } from '../clock/system.ts'
import { abortable, method, milliseconds } from '../bounds.ts'
import { asError, isMillraceError, MillraceError } from '../errors.ts'
import { checkGroup, checkTopic } from '../names.ts'
import type { Pattern } from '../pattern.ts'
import { aborted, orAborted, pause } from './abort.ts'
import { backoff } from './backoff.ts'
import type { Backoff } from './backoff.ts'
import { HandedDelivery } from './delivery.ts'
import type { Driver } from './driver.ts'
import { Grace, graceOf } from './grace.ts'
import { Link } from './link.ts'
import { checkDeclareOptions, checkSubscribeNames, subscribePlan, unsupported } from './options.ts'
import { Publishing } from './publishing.ts'
import { CoreSubscription } from './subscription.ts'
import type { SubscriptionHost } from './subscription-host.ts'
import { innermost } from './wrapped-delivery.ts'

/** How core treats a driver's connection. */
export interface BrokerOptions {
  /** The driver needs no opening: publishing may be synchronous from the first call. */
  readonly ready?: boolean
  /** Waits between attempts to connect. Default exponential with full jitter, base 100, max 10,000 ms. */
  readonly reconnect?: Parameters<typeof backoff>[0]
  /** ms that open, declare and subscribe wait for a connection. Default 30,000. */
  readonly connectTimeout?: number
}

/** Makes a broker of a driver. @throws BAD_OPTION */
export function broker(driver: Driver, options: BrokerOptions = {}): Broker {
  for (const name of ['open', 'declare', 'write', 'attach', 'close'] as const)
    method(`driver.${name}`, (driver as Partial<Driver> | null | undefined)?.[name])
  if (typeof driver.capabilities !== 'object' || driver.capabilities === null)
    throw new MillraceError('BAD_OPTION', 'driver.capabilities say what the broker can do; there are none')
  const core = new CoreBroker(driver, options)
  // An optional method that is absent says more than one that rejects.
  if (!driver.capabilities.transactions || !driver.transaction)
    Object.defineProperty(core, 'transaction', { value: undefined })
  if (!driver.lag) Object.defineProperty(core, 'lag', { value: undefined })
  return core
}

type State = { readonly is: 'open' } | { readonly is: 'closing'; readonly done: Promise<Closed> }

/** ms that publishes and transactions under way are given at a close at the least: most are only waiting for their answer. */
const LEAST_GRACE = 1_000

class CoreBroker implements Broker, SubscriptionHost {
  readonly name: string
  readonly capabilities: Capabilities
  readonly driver: Driver
  readonly link: Link
  readonly clock: Clock
  readonly reconnect: Backoff
  readonly #publishing: Publishing
  readonly #subscriptions = new Set<CoreSubscription>()
  readonly #transactions = new Set<Promise<unknown>>()
  readonly #grace: Grace
  readonly #connectTimeout: number
  #state: State = { is: 'open' }
  #published = false
  #lastError: Error | undefined

  constructor(driver: Driver, options: BrokerOptions) {
    this.driver = driver
    this.name = driver.name
    this.capabilities = driver.capabilities
    this.clock = driver.clock ?? systemClock
    this.reconnect = backoff(options.reconnect ?? { base: 100, max: 10_000 })
    const { connectTimeout = 30_000 } = options
    milliseconds('connectTimeout', connectTimeout, 1, Infinity)
    this.#connectTimeout = connectTimeout
    this.#grace = new Grace(this.clock)
    this.link = new Link(driver, this.clock, this.reconnect, options.ready ?? false)
    this.#publishing = new Publishing(driver, this.link, this.clock, this.reconnect)
    // Whoever else hears of it is to have heard before it is opened again.
    driver.watch?.(error => queueMicrotask(() => this.#state.is === 'open' && this.link.lost(error)))
  }

  open(options?: WaitOptions): Promise<void> {
    return this.#within('open', options?.signal, signal => this.link.ready(signal))
  }

  declare(topic: string, options: DeclareOptions = {}): Promise<void> {
    const { group, signal } = options
    return this.#within('declare', signal, async deadline => {
      checkDeclareOptions(options)
      checkTopic(topic)
      if (group !== undefined) {
        checkGroup(group)
        if (!this.capabilities.groups) throw unsupported(this.name, `group '${group}'`)
      }
      const how = group === undefined ? {} : { group }
      const declared = this.#linked(deadline, () => this.driver.declare(topic, how, deadline))
      await orAborted(declared, deadline, 'declare')
    })
  }

  publish(topic: string, messages: Message | readonly Message[], options?: PublishOptions): Promise<void> {
    if (this.#published) return Promise.reject(this.#closedError())
    try {
      return this.#publishing.publish(topic, messages, options)
    } catch (error) {
      return Promise.reject(asError(error))
    }
  }

  async subscribe(
    topic: string | Pattern | readonly (string | Pattern)[],
    options: SubscribeOptions = {},
  ): Promise<Subscription> {
    if (this.#state.is !== 'open') throw this.#closedError()
    checkSubscribeNames(options, this.driver.subscribeOptions)
    const plan = subscribePlan(this.name, this.capabilities, topic, options)
    const subscription = new CoreSubscription(this, plan, options)
    await this.#within('subscribe', options.signal, signal => subscription.start(signal))
    // The broker may have begun to close meanwhile.
    if ((this.#state as State).is !== 'open') {
      await subscription.close({ timeout: 0 })
      throw this.#closedError()
    }
    this.#subscriptions.add(subscription)
    return subscription
  }

  transaction<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    if (this.#published) return Promise.reject(this.#closedError())
    const running = this.#transaction(work)
    this.#transactions.add(running)
    const forget = (): void => void this.#transactions.delete(running)
    running.then(forget, forget)
    return running
  }

  async #transaction<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    const { driver } = this
    if (!driver.transaction) throw unsupported(this.name, 'transactions')
    const acked: Delivery[] = []
    const result = await this.#linked(
      this.link.signal,
      () =>
        driver.transaction!(tx => {
          acked.length = 0
          return work({
            native: tx.native,
            publish: async (topic, messages) => {
              const batch: readonly Message[] = Array.isArray(messages) ? messages : [messages as Message]
              this.#publishing.check(topic, batch, undefined)
              await tx.write(topic, batch)
            },
            ack: delivery => {
              const own = innermost(delivery)
              const found = this.#find(own)
              tx.ack(found.source, found.raw)
              acked.push(own)
            },
          })
        }, this.link.signal), // checked above that it is there
    )
    for (const delivery of acked) this.#holderOf(delivery)?.forget(delivery)
    return result
  }

  lag(topic: string, group: string, options?: WaitOptions): Promise<Lag> {
    return this.#within('lag', options?.signal, async signal => {
      checkTopic(topic)
      checkGroup(group)
      const lag = this.#linked(signal, () => this.driver.lag!(topic, group, signal)) // absent lag hides this method
      return orAborted(lag, signal, 'lag')
    })
  }

  health(): Health {
    let inFlight = 0
    for (const subscription of this.#subscriptions) inFlight += subscription.inFlight
    const lastError = this.#lastError ?? this.link.lastError
    const state = this.#state.is === 'closing' && this.link.health !== 'closed' ? 'closing' : this.link.health
    return { state, inFlight, ...(lastError && { lastError }) }
  }

  async close(options: CloseOptions = {}): Promise<Closed> {
    const timeout = graceOf(options)
    this.#grace.within(Math.max(LEAST_GRACE, timeout))
    if (this.#state.is === 'open') this.#state = { is: 'closing', done: this.#close(options) }
    else for (const subscription of this.#subscriptions) void subscription.close(options) // a shorter deadline counts
    return this.#state.done
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  // ---- SubscriptionHost ---------------------------------------------------------------------------------------------

  write(topic: string, message: Message): Promise<void> {
    return this.#publishing.publish(topic, message, undefined)
  }

  ended(subscription: object): void {
    this.#subscriptions.delete(subscription as CoreSubscription)
  }

  failed(error: Error): void {
    this.#lastError = error
  }

  // ---- private --------------------------------------------------------------------------------------------------------

  async #close(options: CloseOptions): Promise<Closed> {
    // Handlers that are still at work may publish: publishing ends after subscribing.
    const closed = await Promise.all([...this.#subscriptions].map(subscription => subscription.close(options)))
    this.#published = true
    await Promise.race([this.#settled(), this.#grace.over])
    this.#publishing.close()
    const abort = new AbortController()
    void this.#grace.over.then(() => abort.abort(this.#closedError()))
    try {
      await this.driver.close(abort.signal)
    } finally {
      this.#grace.cancel()
      this.link.close()
    }
    return { released: closed.reduce((sum, { released }) => sum + released, 0) }
  }

  /** Resolves when no publish and no transaction is under way. */
  async #settled(): Promise<void> {
    while (this.#transactions.size > 0) await Promise.allSettled(this.#transactions)
    await this.#publishing.settled()
  }

  /** Runs it once the link is up, again after each DISCONNECTED, until the signal ends it. */
  async #linked<T>(signal: AbortSignal, run: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      await this.link.ready(signal)
      try {
        return await run()
      } catch (error) {
        if (!isMillraceError(error, 'DISCONNECTED') || signal.aborted) throw error
        this.link.broken(error)
        await pause(this.clock, this.reconnect(attempt), signal)
      }
    }
  }

  /** Gives the work a signal that ends at the caller's abort, at the broker's end and at the time allowed. */
  async #within<T>(
    what: string,
    caller: AbortSignal | undefined,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    if (this.#state.is !== 'open') throw this.#closedError()
    abortable(what, caller)
    if (caller?.aborted) throw aborted(caller, what)
    const abort = new AbortController()
    const timeout = this.#connectTimeout
    const timer = this.clock.after(timeout, () =>
      abort.abort(new MillraceError('TIMEOUT', `${this.name}: ${what} took over ${timeout} ms`)),
    )
    const onAbort = (): void => abort.abort(aborted(caller!, what)) // it is the caller's listener
    const onClose = (): void => abort.abort(this.#closedError())
    caller?.addEventListener('abort', onAbort, { once: true })
    this.link.signal.addEventListener('abort', onClose, { once: true })
    try {
      return await work(abort.signal)
    } catch (error) {
      throw abort.signal.aborted ? this.link.explained(asError(abort.signal.reason)) : error
    } finally {
      timer.cancel()
      caller?.removeEventListener('abort', onAbort)
      this.link.signal.removeEventListener('abort', onClose)
    }
  }

  #find(delivery: Delivery): NonNullable<ReturnType<CoreSubscription['sourceOf']>> {
    const found = this.#holderOf(delivery)?.sourceOf(delivery)
    if (found) return found
    throw new MillraceError('LOST', 'the delivery is settled, lost or of another broker: a transaction cannot ack it')
  }

  #holderOf(delivery: Delivery): CoreSubscription | undefined {
    if (!(delivery instanceof HandedDelivery)) return undefined
    for (const subscription of this.#subscriptions) if (delivery.heldBy(subscription)) return subscription
    return undefined
  }

  #closedError(): MillraceError {
    return new MillraceError('CLOSED', `${this.name}: the broker is closed`)
  }
}
