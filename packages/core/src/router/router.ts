import { graceOf } from '../adapter/grace.ts'
import type { Clock } from '../clock/clock.ts'
import { systemClock } from '../clock/system.ts'
import type { Closed, CloseOptions, Message, Publisher, Subscriber } from '../contract.ts'
import { asError, MillraceError } from '../errors.ts'
import { known } from '../bounds.ts'
import type { Attempt, BatchContext, Context, Handler, Middleware } from '../handler.ts'
import { lineLogger, unfailing } from '../logger.ts'
import type { Logger } from '../logger.ts'
import type { Used } from './chain.ts'
import { HandlerEntry } from './entry.ts'
import type { HandlerHandle, UseOptions } from './handle.ts'
import type { Returned } from './output.ts'
import { placed } from './placed.ts'
import type { HandlerReport } from './runner.ts'
import type { BatchSpec, HandlerSpec } from './spec.ts'
import { plan } from './spec.ts'
import type { HandlerStats } from './stats.ts'
import type { Input, ReadTopic } from './topic.ts'

/** What all handlers of a router share. */
export interface RouterOptions {
  /** Default: warnings and errors, a line each, to standard error. */
  readonly logger?: Logger
  /** Of every wait; default the system's. */
  readonly clock?: Clock
}

const OPTIONS = { logger: true, clock: true } satisfies Record<keyof RouterOptions, true>

/** When a running router ends, and how long it may take about it. */
export interface RunOptions extends CloseOptions {
  /** Its abort closes the router, with `timeout` for the work in hand (default 30,000 ms). */
  readonly signal?: AbortSignal
}

/** What was left at the close. */
export interface RouterReport extends Closed {
  readonly unfinished: number
  readonly handlers: Readonly<Record<string, HandlerReport>>
}

/** Runs when the router does; what it returns runs when the router has closed. */
export type Plugin = (router: Router) => void | (() => void)

/** Wraps what handlers publish to or subscribe to. The first that was added sees a message first, on both sides. */
export interface Decorators {
  readonly publisher?: (publisher: Publisher) => Publisher
  readonly subscriber?: (subscriber: Subscriber) => Subscriber
}

type State =
  | { readonly is: 'idle' }
  | { readonly is: 'running' }
  | { readonly is: 'closing' | 'closed'; readonly done: Promise<RouterReport> }

/** Connects handlers to topics, each with its policies. It closes no broker: who opened one closes it. */
export class Router {
  /** Resolves when every handler that was there at `run` is subscribed; rejects when one cannot, or CLOSED. */
  readonly running: Promise<void>
  readonly #logger: Logger
  readonly #clock: Clock
  readonly #entries = new Map<string, HandlerEntry>()
  readonly #used: Used<Context>[] = []
  readonly #decorators: Decorators[] = []
  readonly #plugins: Plugin[] = []
  #state: State = { is: 'idle' }
  #isRunning: () => void = () => undefined
  #isNotRunning: (error: Error) => void = () => undefined
  #allStopped: () => void = () => undefined

  /** @throws BAD_OPTION */
  constructor(options: RouterOptions = {}) {
    known('router', options, OPTIONS)
    const { logger = lineLogger({ level: 'warn' }), clock = systemClock } = options
    for (const name of ['enabled', 'log', 'with'] as const)
      if (typeof (logger as Partial<Logger> | null)?.[name] !== 'function')
        throw new MillraceError('BAD_OPTION', `router: a logger has enabled, log and with; yours has no ${name}`)
    if (typeof (clock as Partial<Clock> | null)?.now !== 'function')
      throw new MillraceError('BAD_OPTION', 'router: clock is a Clock, such as systemClock or a virtualClock()')
    this.#logger = unfailing(logger)
    this.#clock = clock
    this.running = new Promise((resolve, reject) => {
      this.#isRunning = resolve
      this.#isNotRunning = reject
    })
    this.running.catch(() => undefined) // for those who look only at `run`
  }

  get state(): State['is'] {
    return this.#state.is
  }

  /** The handlers' counts, by name. */
  get stats(): Readonly<Record<string, HandlerStats>> {
    return Object.fromEntries([...this.#entries].map(([name, entry]) => [name, entry.stats]))
  }

  /**
   * Adds middleware for every handler of single messages that starts from now on; the first is the outermost, and all of
   * it is outside the handlers' own. A last argument of `{ per }` says where.
   */
  use(...middleware: readonly (Middleware | UseOptions)[]): this {
    this.#used.push(...placed(middleware))
    return this
  }

  /** Wraps the publishers and subscribers of every handler that starts from now on. */
  decorate(decorators: Decorators): this {
    this.#decorators.push(decorators)
    return this
  }

  /** Adds something that runs with the router. */
  plugin(plugin: Plugin): this {
    if (this.#state.is !== 'idle') throw new MillraceError('BAD_OPTION', 'plugins are added before the router runs')
    this.#plugins.push(plugin)
    return this
  }

  /**
   * Adds a handler; while the router runs it starts by itself. Gets the message where the topic is a name or a pattern, or
   * several; the decoded value where it is a typed topic. What it returns is published before the message is acked.
   * @throws BAD_OPTION also for a name that is taken, INVALID_TOPIC, UNSUPPORTED, CLOSED
   */
  handle<T, O = never>(
    name: string,
    spec: HandlerSpec<O> & { readonly topic: ReadTopic<T> },
    handler: (value: T, context: Context) => Returned<NoInfer<O>>,
  ): HandlerHandle
  handle<O = never>(
    name: string,
    spec: HandlerSpec<O> & { readonly topic: Input },
    handler: (message: Message, context: Context) => Returned<NoInfer<O>>,
  ): HandlerHandle
  handle(
    name: string,
    spec: HandlerSpec<unknown> & { readonly topic: Input | ReadTopic<unknown> },
    handler: (value: never, context: Context) => unknown,
  ): HandlerHandle {
    return this.#add<Context>(name, spec, handler as Handler<Context>, true)
  }

  /**
   * Adds a handler of batches. When it is done all are acked, when it fails all are nacked, except those that it settled
   * itself through `context.deliveries`, which stand in the order of the values. The router's middleware is not for it.
   * @throws BAD_OPTION also for a name that is taken, INVALID_TOPIC, UNSUPPORTED, CLOSED
   */
  batch<T, O = never>(
    name: string,
    spec: BatchSpec<O> & { readonly topic: ReadTopic<T> },
    handler: (values: readonly T[], context: BatchContext) => Returned<NoInfer<O>>,
  ): HandlerHandle<BatchContext>
  batch<O = never>(
    name: string,
    spec: BatchSpec<O> & { readonly topic: Input },
    handler: (messages: readonly Message[], context: BatchContext) => Returned<NoInfer<O>>,
  ): HandlerHandle<BatchContext>
  batch(
    name: string,
    spec: BatchSpec<unknown> & { readonly topic: Input | ReadTopic<unknown> },
    handler: (values: never, context: BatchContext) => unknown,
  ): HandlerHandle<BatchContext> {
    return this.#add<BatchContext>(name, spec, handler as Handler<BatchContext>, false)
  }

  /**
   * Starts every handler; resolves when the router has closed, by `close`, by the signal, or because every source ended.
   * Rejects when a handler cannot start, after closing the others; BAD_OPTION when it was run before, or for its timeout.
   */
  async run(options: RunOptions = {}): Promise<RouterReport> {
    if (this.#state.is === 'closing' || this.#state.is === 'closed') return this.#state.done
    if (this.#state.is === 'running') throw new MillraceError('BAD_OPTION', 'the router runs already')
    const { signal } = options
    const timeout = graceOf(options)
    this.#state = { is: 'running' }
    const close = (): void => void this.close({ timeout })
    const allStopped = new Promise<void>(resolve => (this.#allStopped = resolve))
    const undo: (void | (() => void))[] = []
    signal?.addEventListener('abort', close, { once: true })
    try {
      for (const plugin of this.#plugins) undo.push(plugin(this))
      if (signal?.aborted) close()
      await Promise.all([...this.#entries.values()].map(entry => entry.start()))
      this.#isRunning()
      await allStopped
      return await this.close()
    } catch (thrown) {
      const error = asError(thrown)
      this.#isNotRunning(error)
      const closing = this.#closing() !== undefined
      const report = await this.close({ timeout: closing ? 30_000 : 0 })
      if (closing) return report
      throw error
    } finally {
      signal?.removeEventListener('abort', close)
      for (const run of undo) run?.()
    }
  }

  /**
   * Stops all intake, waits up to `timeout` ms (default 30,000) for the work in hand to end and settle, then aborts its
   * signals and gives the rest back. Safe twice; again with a shorter timeout it hurries. Inside a handler: do not await
   * it, for it waits for that handler.
   */
  async close(options: CloseOptions = {}): Promise<RouterReport> {
    const timeout = graceOf(options)
    const closing = this.#closing()
    if (closing) {
      if (this.#state.is === 'closing') for (const entry of this.#entries.values()) void entry.stop({ timeout })
      return closing
    }
    const done = this.#close(timeout)
    this.#state = { is: 'closing', done }
    return done
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #closing(): Promise<RouterReport> | undefined {
    return this.#state.is === 'closing' || this.#state.is === 'closed' ? this.#state.done : undefined
  }

  async #close(timeout: number): Promise<RouterReport> {
    const entries = [...this.#entries]
    const reports = await Promise.all(
      entries.map(async ([name, entry]) => [name, await entry.stop({ timeout })] as const),
    )
    const sum = (which: keyof HandlerReport): number => reports.reduce((all, [, report]) => all + report[which], 0)
    const report = {
      released: sum('released'),
      unfinished: sum('unfinished'),
      handlers: Object.fromEntries(reports),
    }
    this.#state = { is: 'closed', done: Promise.resolve(report) }
    this.#isNotRunning(new MillraceError('CLOSED', 'the router was closed before it ran'))
    this.#allStopped()
    return report
  }

  #add<C extends Attempt>(
    name: string,
    spec: (HandlerSpec<unknown> | BatchSpec<unknown>) & { readonly topic: Input | ReadTopic<unknown> },
    handler: Handler<C>,
    single: boolean,
  ): HandlerHandle<C> {
    if (this.#closing()) throw new MillraceError('CLOSED', 'the router is closed')
    if (this.#entries.has(name)) throw new MillraceError('BAD_OPTION', `there is a handler '${name}' already`)
    if (typeof handler !== 'function') throw new MillraceError('BAD_OPTION', `handler '${name}': it is no function`)
    plan(name, spec, this.#clock) // so that a wrong option is told here
    const entry = new HandlerEntry({
      name,
      logger: this.#logger.with({ handler: name }),
      clock: this.#clock,
      plan: () => plan(name, this.#decorated(spec), this.#clock),
      used: () => (single ? (this.#used as unknown as readonly Used<Attempt>[]) : []),
      handler: handler as unknown as Handler<Attempt>,
      removed: () => this.#entries.delete(name),
      ended: () => this.#ended(),
    })
    this.#entries.set(name, entry)
    if (this.#state.is === 'running') entry.start().catch(() => undefined) // told through `started` and the log
    return entry as unknown as HandlerHandle<C>
  }

  #decorated<S extends HandlerSpec<unknown> | BatchSpec<unknown>>(spec: S): S {
    if (this.#decorators.length === 0) return spec
    const own = spec.publisher ?? (spec.subscriber as Partial<Publisher> & Subscriber)
    // Those added later are closer to the broker when publishing, further from it when receiving: so they run in the order of adding.
    let { subscriber } = spec
    let publisher = own as Publisher
    for (const decorator of this.#decorators) subscriber = decorator.subscriber?.(subscriber) ?? subscriber
    if (typeof publisher.publish === 'function')
      for (const decorator of this.#decorators.toReversed()) publisher = decorator.publisher?.(publisher) ?? publisher
    return { ...spec, subscriber, ...(typeof publisher.publish === 'function' && { publisher }) }
  }

  /** A source ended for good. When none is left there is nothing to run for. */
  #ended(): void {
    if (this.#state.is !== 'running') return
    for (const entry of this.#entries.values()) if (!entry.over) return
    this.#logger.log('error', 'every source has ended; the router closes')
    this.#allStopped()
  }
}
