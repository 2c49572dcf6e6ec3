import { randomUUID } from 'node:crypto'
import type { Broker, Capabilities, Message, SubscribeOptions, Subscription } from 'millrace'
import type { ForeignKind, HeldLink, Mode, Order } from '../case.ts'
import { within } from './waiting.ts'

/** What a kit is made of. */
export interface KitSetup {
  readonly capabilities: Capabilities
  readonly mode: Mode
  readonly order: Order
  /** ms that a wait may take: Watermill's T. */
  readonly patience: number
  /** ms of the leases that cases take. */
  readonly lease: number
  open(): Broker | Promise<Broker>
  restart?(): Promise<void>
  foreign?(topic: string, what: ForeignKind): Promise<void | false>
  hold?(): HeldLink | Promise<HeldLink>
}

/** Thrown by a case that finds only while it runs that it does not apply. */
export class Skipped extends Error {
  readonly reason: string
  constructor(reason: string) {
    super(`skipped: ${reason}`)
    this.reason = reason
  }
}

/** What a case works with: brokers, names of its own, and how much and how long. One for each run of a case. */
export class Kit {
  readonly capabilities: Capabilities
  readonly mode: Mode
  readonly order: Order
  /** ms that a wait may take at most; cases use multiples of it. Never slept through. */
  readonly patience: number
  /** ms for which "nothing more comes" is watched. */
  readonly quiet: number
  /** ms of a lease. */
  readonly lease: number
  readonly #setup: KitSetup
  readonly #opened: Broker[] = []
  readonly #links: HeldLink[] = []
  #first: Promise<Broker> | undefined
  #breaths = 0

  constructor(setup: KitSetup) {
    this.#setup = setup
    this.capabilities = setup.capabilities
    this.mode = setup.mode
    this.order = setup.order
    this.patience = setup.patience
    this.quiet = 50
    this.lease = setup.lease
  }

  /** The case's own broker: always the same instance. */
  broker(): Promise<Broker> {
    this.#first ??= this.#make()
    return this.#first
  }

  /** Another instance on the same topics; where instances share nothing, the same one again. */
  another(): Promise<Broker> {
    return this.capabilities.shared ? this.#make() : this.broker()
  }

  /** A topic that nobody else uses. */
  topic(): string {
    return `cf-${randomUUID().slice(0, 18)}`
  }

  /** The option that names a new group, where there are groups. */
  group(): { readonly group?: string } {
    return this.capabilities.groups ? { group: `g-${randomUUID().slice(0, 18)}` } : {}
  }

  /** Subscribes, in bounded time. */
  async subscribe(
    broker: Broker,
    topic: Parameters<Broker['subscribe']>[0],
    options: SubscribeOptions = {},
  ): Promise<Subscription> {
    return within(broker.subscribe(topic, options), this.patience, 'subscribe()')
  }

  /**
   * A subscription on a topic that holds `messages`. They are published first where the broker keeps them for the
   * group, else as soon as the subscription stands.
   */
  async filled(topic: string, messages: readonly Message[], options: SubscribeOptions = {}): Promise<Subscription> {
    const broker = await this.broker()
    const { group } = options
    if (this.order === 'subscribe-first' || group === undefined) {
      const subscription = await this.subscribe(broker, topic, options)
      if (messages.length > 0) await this.publish(topic, messages)
      return subscription
    }
    await this.declare(topic, group)
    if (messages.length > 0) await this.publish(topic, messages)
    return this.subscribe(broker, topic, options)
  }

  /** Declares a topic and a group's place in it, where the broker keeps anything. */
  async declare(topic: string, group: string | undefined): Promise<void> {
    const broker = await this.broker()
    const declared = broker.declare(topic, group === undefined ? {} : { group })
    await within(declared, this.patience, 'declare()')
  }

  /** Publishes through the case's own broker, in bounded time. */
  async publish(topic: string, messages: Message | readonly Message[]): Promise<void> {
    const broker = await this.broker()
    await within(broker.publish(topic, messages), this.patience, 'publish()')
  }

  /** How many: Watermill's full count, or its short one. */
  count(full: number, short: number): number {
    return this.mode === 'short' ? short : full
  }

  /** Lets the event loop turn now and then: a broker that redelivers without end must not keep the case's limit from coming. */
  async breathe(): Promise<void> {
    if (++this.#breaths % 256 === 0) await new Promise(resolve => setImmediate(resolve))
  }

  /** Restarts the broker. */
  async restart(): Promise<void> {
    if (!this.#setup.restart) throw new Skipped('no restart was given')
    await this.#setup.restart()
  }

  /** Puts something into a topic behind the adapter's back. */
  async foreign(topic: string, what: ForeignKind): Promise<void> {
    if (!this.#setup.foreign) throw new Skipped('no foreign was given')
    if ((await this.#setup.foreign(topic, what)) === false) throw new Skipped(`to this broker nothing is ${what}`)
  }

  /** A link that is held, and a broker that goes over it. */
  async held(): Promise<{ readonly link: HeldLink; readonly broker: Broker }> {
    if (!this.#setup.hold) throw new Skipped('no hold was given')
    const link = await within(Promise.resolve(this.#setup.hold()), this.patience, 'hold')
    this.#links.push(link)
    return { link, broker: await this.#make(link) }
  }

  /**
   * Frees everything. What goes wrong here is not the case's verdict (closing has cases of its own), but it is
   * bounded, so that a close that hangs cannot hold up the suite.
   */
  async end(): Promise<void> {
    const closes = this.#opened.map(broker => broker.close({ timeout: 0 }))
    await within(Promise.allSettled(closes), this.patience, 'close()').catch(() => undefined)
    const ends = this.#links.map(link => link.close())
    await within(Promise.allSettled(ends), this.patience, 'the end of the link').catch(() => undefined)
  }

  async #make(from: Pick<KitSetup, 'open'> = this.#setup): Promise<Broker> {
    const broker = await within(Promise.resolve(from.open()), this.patience, 'open')
    this.#opened.push(broker)
    return broker
  }
}
