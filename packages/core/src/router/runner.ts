import { Grace } from '../adapter/grace.ts'
import type { Clock } from '../clock/clock.ts'
import { asError, MillraceError } from '../errors.ts'
import type { Attempt, BatchContext, Context, Handler } from '../handler.ts'
import type { Logger } from '../logger.ts'
import { telemetry } from '../telemetry.ts'
import { BatchIntake } from './batch-intake.ts'
import { BatchWork } from './batch-work.ts'
import { chain } from './chain.ts'
import type { Used } from './chain.ts'
import { Feed } from './feed.ts'
import { Intake } from './intake.ts'
import { brokerName } from './names.ts'
import { Outputs } from './outputs.ts'
import type { Plan } from './spec.ts'
import { publishTopicName } from './spec.ts'
import { tally } from './stats.ts'
import type { HandlerStats } from './stats.ts'
import type { Taking } from './taking.ts'
import { describeInput } from './topic.ts'
import { Work } from './work.ts'
import type { Home } from './work-context.ts'

export interface RunnerOptions {
  readonly plan: Plan
  readonly clock: Clock
  readonly logger: Logger
  /** Middleware<Context>, or Middleware<BatchContext> where the plan has a batch. */
  readonly used: readonly Used<Attempt>[]
  readonly handler: Handler<Attempt>
}

/** What was left when a handler stopped. */
export interface HandlerReport {
  /** Deliveries that went back un-handled or unfinished. */
  readonly released: number
  /** Handler calls that ignored their signal and were still running. */
  readonly unfinished: number
}

type State =
  | { readonly is: 'running' }
  | { readonly is: 'stopping'; readonly done: Promise<HandlerReport>; readonly grace?: Grace }

/** One handler at work, from its subscription to its last settlement. */
export class Runner {
  /** Resolves when it has stopped: to the error where its source ended for good. Never rejects. */
  readonly ended: Promise<Error | undefined>
  readonly #options: RunnerOptions
  readonly #home: Home
  readonly #tally = tally()
  readonly #feed: Feed
  readonly #taking: Taking
  #state: State = { is: 'running' }
  /** Why its source ended for good, where it did. */
  #failure: Error | undefined
  #end: (error: Error | undefined) => void = () => undefined

  constructor(options: RunnerOptions) {
    const { plan, clock, logger } = options
    this.#options = options
    this.ended = new Promise(resolve => (this.#end = resolve))
    this.#home = {
      handler: plan.name,
      group: plan.group,
      subscribeTopic: describeInput(plan.input),
      publishTopic: publishTopicName(plan),
      subscriber: brokerName(plan.subscriber) ?? 'subscriber',
      publisher: brokerName(plan.publisher),
      logger,
      clock,
      outputs: new Outputs({
        handler: plan.name,
        publisher: plan.publisher,
        publishTopic: plan.publishTopic,
        attempts: plan.publishAttempts,
        wait: plan.publishWait,
        clock,
      }),
      watched: new Set(),
      waiting: new Set(),
      draining: undefined,
      stopped: undefined,
    }
    this.#feed = new Feed({
      plan,
      clock,
      logger,
      ready: subscription => this.#taking.open(subscription),
      lost: which => this.#taking.lost(which),
      ended: error => void this.#sourceEnded(error),
    })
    this.#taking = plan.batch ? this.#batches() : this.#singles()
  }

  /** Resolves when it is subscribed. Rejects with what trying again cannot mend, or CLOSED when it was stopped before. */
  async start(): Promise<void> {
    try {
      await this.#feed.start()
    } catch (error) {
      if (this.#state.is === 'stopping') throw error
      this.#state = { is: 'stopping', done: Promise.resolve({ released: 0, unfinished: 0 }) }
      this.#taking.stop()
      this.#end(asError(error))
      throw error
    }
    this.#tell('started')
  }

  get stats(): HandlerStats {
    return { ...this.#tally, inFlight: this.#taking.busy, waiting: this.#taking.waiting }
  }

  /**
   * Takes nothing more in, waits up to `timeout` ms for the work in hand, then aborts its signals and gives the rest back.
   * Again with a shorter timeout: hurries.
   */
  stop(timeout: number): Promise<HandlerReport> {
    const state = this.#state
    if (state.is === 'stopping') {
      state.grace?.within(timeout)
      void this.#feed.close(timeout) // only ever hurries
      return state.done
    }
    const grace = new Grace(this.#options.clock)
    const done = this.#drain(timeout, grace)
    this.#state = { is: 'stopping', done, grace }
    return done
  }

  async #drain(timeout: number, grace: Grace): Promise<HandlerReport> {
    const { plan, logger } = this.#options
    this.#tell('stopping')
    const before = this.#tally.released
    const unbegun = this.#taking.stop()
    this.#home.draining = closedError(plan.name)
    for (const context of this.#home.waiting) context.callOff(this.#home.draining)
    const closing = this.#feed.close(timeout)
    grace.within(timeout)
    await Promise.race([this.#taking.empty(), grace.over])
    grace.cancel()
    if (this.#taking.busy > 0) await this.#cut()
    const { released } = await closing
    this.#home.stopped ??= closedError(plan.name)
    plan.timeout?.rest()
    const back = unbegun + (this.#tally.released - before) + released
    const report = { released: back, unfinished: this.#taking.busy }
    if (report.released + report.unfinished > 0)
      logger.log(report.unfinished > 0 ? 'warn' : 'info', 'stopped with work left', { ...report })
    this.#tell('stopped')
    this.#end(this.#failure)
    return report
  }

  /** A hard stop: aborts every signal, gives back what is in hand, and leaves a turn to those who listen. */
  async #cut(): Promise<void> {
    const reason = closedError(this.#options.plan.name)
    this.#home.stopped = reason
    for (const context of this.#home.watched) context.cut(reason)
    this.#feed.cut()
    await new Promise(resolve => setImmediate(resolve))
  }

  async #sourceEnded(error: Error): Promise<void> {
    this.#failure = error
    this.#options.logger.log('error', 'the source is closed; the handler stops', { error })
    await this.stop(30_000)
  }

  #singles(): Taking {
    const { plan, clock, used, handler } = this.#options
    const work = new Work({
      plan,
      home: this.#home,
      tally: this.#tally,
      handler: chain<Context>(
        plan,
        this.#home.outputs,
        used as unknown as readonly Used<Context>[],
        handler as Handler<Context>,
      ),
      finished: (delivery, key, held) => intake.finished(delivery, key, held),
      pause: ms => intake.pause(ms),
    })
    const intake: Intake = new Intake({
      concurrency: plan.concurrency,
      orderBy: plan.orderBy,
      breaker: plan.breaker,
      throttle: plan.throttle,
      clock,
      work: (delivery, key) => work.begin(delivery, key),
      unordered: (delivery, error) => work.refuse(delivery, error),
      works: () => this.#feed.works(),
      stumbled: (subscription, error) => this.#feed.stumbled(subscription, error),
    })
    return {
      get busy() {
        return intake.busy
      },
      get waiting() {
        return intake.waiting
      },
      open: subscription => intake.open(subscription),
      lost: which => intake.lost(which),
      empty: () => intake.empty(),
      stop: () => {
        const left = intake.stop().filter(delivery => delivery.release()).length
        work.unpark()
        return left
      },
    }
  }

  #batches(): Taking {
    const { plan, used, handler } = this.#options
    const work = new BatchWork({
      plan,
      home: this.#home,
      tally: this.#tally,
      handler: chain<BatchContext>(
        plan,
        this.#home.outputs,
        used as unknown as readonly Used<BatchContext>[],
        handler as Handler<BatchContext>,
      ),
    })
    return new BatchIntake({
      plan,
      clock: this.#options.clock,
      work: deliveries => work.run(deliveries),
      works: () => this.#feed.works(),
      stumbled: (subscription, error) => this.#feed.stumbled(subscription, error),
    })
  }

  #tell(what: 'started' | 'stopping' | 'stopped'): void {
    this.#options.logger.log('debug', what)
    if (telemetry.handler.hasSubscribers) telemetry.handler.publish({ handler: this.#options.plan.name, what })
  }
}

function closedError(handler: string): MillraceError {
  return new MillraceError('CLOSED', `handler '${handler}' was stopped before it was done`)
}
