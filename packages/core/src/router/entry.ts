import { graceOf } from '../adapter/grace.ts'
import type { Clock } from '../clock/clock.ts'
import { asError, MillraceError } from '../errors.ts'
import type { Attempt, Handler, Middleware } from '../handler.ts'
import type { Logger } from '../logger.ts'
import type { Used } from './chain.ts'
import type { HandlerHandle, StopOptions, UseOptions } from './handle.ts'
import { placed } from './placed.ts'
import type { HandlerReport } from './runner.ts'
import { Runner } from './runner.ts'
import type { Plan } from './spec.ts'
import { tally } from './stats.ts'
import type { HandlerStats } from './stats.ts'

export interface EntryOptions {
  readonly name: string
  readonly logger: Logger
  readonly clock: Clock
  /** Asked when it starts. */
  readonly plan: () => Plan
  /** The router's middleware, asked when it starts. */
  readonly used: () => readonly Used<Attempt>[]
  readonly handler: Handler<Attempt>
  readonly removed: () => void
  /** Its source ended for good. */
  readonly ended: () => void
}

type State =
  | { readonly is: 'added' }
  | { readonly is: 'running'; readonly runner: Runner }
  | { readonly is: 'over'; readonly report: Promise<HandlerReport>; readonly runner: Runner | undefined }

const NOTHING_LEFT: HandlerReport = { released: 0, unfinished: 0 }

/** A handler in a router: from the adding to the end. */
export class HandlerEntry implements HandlerHandle<Attempt> {
  readonly name: string
  readonly started: Promise<void>
  readonly stopped: Promise<Error | undefined>
  readonly #options: EntryOptions
  readonly #used: Used<Attempt>[] = []
  #state: State = { is: 'added' }
  #isStarted: () => void = () => undefined
  #cannotStart: (error: Error) => void = () => undefined
  #isStopped: (error: Error | undefined) => void = () => undefined

  constructor(options: EntryOptions) {
    this.#options = options
    this.name = options.name
    this.started = new Promise((resolve, reject) => {
      this.#isStarted = resolve
      this.#cannotStart = reject
    })
    this.started.catch(() => undefined) // told by the log and by the router's `run`, too
    this.stopped = new Promise(resolve => (this.#isStopped = resolve))
  }

  get over(): boolean {
    return this.#state.is === 'over'
  }

  get stats(): HandlerStats {
    const runner = this.#state.is === 'added' ? undefined : this.#state.runner
    return runner?.stats ?? { ...tally(), inFlight: 0, waiting: 0 }
  }

  use(...middleware: readonly (Middleware<Attempt> | UseOptions)[]): this {
    if (this.#state.is !== 'added')
      throw new MillraceError('BAD_OPTION', `handler '${this.name}' has started: its middleware is fixed`)
    this.#used.push(...placed(middleware))
    return this
  }

  /** Rejects with what keeps it from subscribing. Once. */
  async start(): Promise<void> {
    if (this.#state.is !== 'added') return this.started
    const { plan, clock, logger, used, handler, ended } = this.#options
    let begun = false
    try {
      const runner = new Runner({
        plan: plan(),
        clock,
        logger,
        used: [...used(), ...this.#used],
        handler,
      })
      this.#state = { is: 'running', runner }
      void runner.ended.then(error => {
        if (this.#state.is === 'running') this.#state = { is: 'over', report: Promise.resolve(NOTHING_LEFT), runner }
        this.#isStopped(error)
        if (error && begun) ended()
      })
      await runner.start()
      begun = true
      this.#isStarted()
    } catch (thrown) {
      const error = asError(thrown)
      if (!this.over) logger.log('error', 'the handler cannot start', { error })
      this.#cannotStart(error)
      throw error
    }
  }

  async stop(options: StopOptions = {}): Promise<HandlerReport> {
    const timeout = graceOf(options)
    const state = this.#state
    switch (state.is) {
      case 'added':
        this.#state = { is: 'over', report: Promise.resolve(NOTHING_LEFT), runner: undefined }
        this.#cannotStart(new MillraceError('CLOSED', `handler '${this.name}' was stopped before it started`))
        this.#isStopped(undefined)
        return this.#state.report
      case 'running': {
        const report = state.runner.stop(timeout)
        this.#state = { is: 'over', report, runner: state.runner }
        return report
      }
      case 'over':
        return state.runner ? state.runner.stop(timeout) : state.report
    }
  }

  async remove(options: StopOptions = {}): Promise<HandlerReport> {
    const report = await this.stop(options)
    this.#options.removed()
    return report
  }
}
