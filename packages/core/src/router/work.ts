import { asError, isMillraceError } from '../errors.ts'
import type { Delivery } from '../contract.ts'
import type { Handler } from '../handler.ts'
import type { Claim } from '../policy/dedupe.ts'
import { followed, telemetry, traced } from '../telemetry.ts'
import type { ProcessEvent } from '../telemetry.ts'
import { isThenable } from '../thenable.ts'
import { nackEffect, settleDone, settleFailed, verdict } from './settle.ts'
import type { Settled, Verdict } from './settle.ts'
import type { Plan } from './spec.ts'
import { counted } from './stats.ts'
import type { Tally } from './stats.ts'
import type { Home } from './work-context.ts'
import { WorkContext } from './work-context.ts'

export interface WorkOptions {
  readonly plan: Plan
  readonly home: Home
  readonly tally: Tally
  readonly handler: Handler
  /** It is settled. */
  readonly finished: (delivery: Delivery, key: string | undefined, held: boolean) => void
  /** Given back because of a breaker that the plan does not know: what comes next would meet it again. */
  readonly pause: (ms: number) => void
}

/** The first and the longest pause in ms after work was given back, each twice the one before. */
const FIRST_PAUSE = 100
const LONGEST_PAUSE = 10_000

/**
 * What happens to one delivery, in the fixed order: settle (expiry → decode → dedupe → outputs ⟵ handler in its policies).
 * Only the settling acks. Nothing is awaited that is no promise.
 */
export class Work {
  readonly #options: WorkOptions
  /** Waiting, key and slot in hand, for the plan's breaker: given back they would be overtaken. */
  readonly #parked = new Map<WorkContext, () => void>()
  #pause = FIRST_PAUSE

  constructor(options: WorkOptions) {
    this.#options = options
  }

  begin(delivery: Delivery, key: string | undefined): void {
    const { plan, home, tally } = this.#options
    const context = new WorkContext(home, delivery, key)
    tally.received++
    if (delivery.expires !== undefined && delivery.expires <= home.clock.now()) return this.#expired(context)
    const { topic } = plan
    if (topic === undefined) return this.#handle(context, delivery.message)
    let value: unknown
    try {
      value = topic.decode(delivery.message)
    } catch (error) {
      return this.#undecodable(context, error)
    }
    if (!isThenable(value)) return this.#handle(context, value)
    value.then(
      value => this.#handle(context, value),
      (error: unknown) => this.#undecodable(context, error),
    )
  }

  /** It could not even be looked at: settled as a failure. */
  refuse(delivery: Delivery, error: unknown): void {
    this.#options.tally.received++
    this.#failed(new WorkContext(this.#options.home, delivery), error)
  }

  /** Gives back what only waits. */
  unpark(): void {
    const parked = [...this.#parked]
    this.#parked.clear()
    for (const [context, cancel] of parked) {
      cancel()
      this.#giveBack(context)
    }
  }

  #handle(context: WorkContext, value: unknown): void {
    if (this.#options.plan.dedupe) {
      void this.#once(context, value) // never rejects
      return
    }
    let result: unknown
    const watched = followed(telemetry.process)
    try {
      result = watched ? this.#told(context, value) : this.#options.handler(value, context)
    } catch (error) {
      return this.#failed(context, error, value)
    }
    if (result === undefined) return this.#done(context)
    if (!isThenable(result)) return this.#returned(context, result, value)
    result.then(
      result => this.#returned(context, result, value),
      (error: unknown) => this.#failed(context, error, value),
    )
  }

  #returned(context: WorkContext, result: unknown, value: unknown): void {
    if (result === undefined || result === null) return this.#done(context)
    let sending: Promise<void> | undefined
    try {
      sending = this.#options.home.outputs.send(result, context)
    } catch (error) {
      return this.#failed(context, error, value)
    }
    if (sending === undefined) return this.#done(context)
    sending.then(
      () => this.#done(context),
      (error: unknown) => this.#failed(context, error, value),
    )
  }

  /** The handler and its outputs, for those who follow: they see both as one. */
  #told(context: WorkContext, value: unknown): unknown {
    const { handler, home } = this.#options
    const event: ProcessEvent = { context }
    const send = (result: unknown): unknown => {
      event.result = result
      return home.outputs.send(result, context)
    }
    return traced(telemetry.process, event, () => {
      const result = handler(value, context)
      return isThenable(result) ? result.then(send) : send(result)
    })
  }

  /** With a claim around the work: confirmed when the outputs are out, released on failure. */
  async #once(context: WorkContext, value: unknown): Promise<void> {
    const { plan, handler, home } = this.#options
    const { dedupe } = plan
    let claim: Claim | 'new' | 'duplicate' | undefined
    try {
      claim = await dedupe?.claim(context.delivery.message, context)
      if (claim === 'duplicate')
        return this.#end(context, { ...settleDone(context.delivery, home.logger), outcome: 'duplicate' })
      if (followed(telemetry.process)) await this.#told(context, value)
      else await home.outputs.send(await handler(value, context), context)
    } catch (error) {
      if (typeof claim === 'object') await this.#quietly('release', dedupe?.release(claim))
      return this.#failed(context, error, value)
    }
    if (typeof claim === 'object') await this.#quietly('confirm', dedupe?.confirm(claim))
    this.#done(context)
  }

  async #quietly(what: string, promise: Promise<void> | undefined): Promise<void> {
    try {
      await promise
    } catch (error) {
      this.#options.home.logger.log('error', `the deduplicator's store could not ${what}`, { error })
    }
  }

  #done(context: WorkContext): void {
    this.#pause = FIRST_PAUSE
    const settled = settleDone(context.delivery, this.#options.home.logger)
    // A transaction's ack is the broker's own: the delivery itself knows only that it is no longer in hand.
    this.#end(context, context.committed ? { outcome: 'acked', held: false } : settled)
  }

  #failed(context: WorkContext, thrown: unknown, value?: unknown): void {
    const { plan, home, pause } = this.#options
    const { delivery, key } = context
    const error = asError(thrown)
    const how = verdict(error, plan.retry)
    // What was stopped before its retries were used up did not fail: others shall try.
    if (home.stopped || (context.calledOff && how === 'nack')) return this.#giveBack(context)
    if (how === 'release') {
      if (key !== undefined && plan.breaker) return this.#park(context, value)
      if (!plan.breaker) {
        pause(this.#pause)
        this.#pause = Math.min(LONGEST_PAUSE, this.#pause * 2)
      }
    }
    this.#settle(context, error, how)
    home.logger.log(how === 'release' ? 'debug' : 'warn', 'failed', {
      error,
      verdict: how,
      message: delivery.message.id,
      topic: delivery.topic,
      attempt: delivery.attempt,
    })
  }

  #undecodable(context: WorkContext, error: unknown): void {
    const { home } = this.#options
    const { message, topic } = context.delivery
    home.logger.log('error', 'undecodable: rejected', { error: asError(error), message: message.id, topic })
    this.#settle(context, asError(error), 'reject')
  }

  #settle(context: WorkContext, error: Error, how: Verdict): void {
    const { plan, home } = this.#options
    const { delivery } = context
    this.#end(context, settleFailed(delivery, error, how, nackEffect(delivery, plan), home.logger), error)
  }

  #expired(context: WorkContext): void {
    this.#end(context, { ...settleDone(context.delivery, this.#options.home.logger), outcome: 'expired' })
  }

  #giveBack(context: WorkContext): void {
    let released = false
    try {
      released = context.delivery.release()
    } catch (error) {
      if (!isMillraceError(error, 'SETTLED')) throw error
    }
    this.#end(context, { outcome: released ? 'released' : 'lost', held: false })
  }

  #park(context: WorkContext, value: unknown): void {
    const cancel = this.#options.plan.breaker?.whenReady(() => {
      this.#parked.delete(context)
      this.#handle(context, value)
    })
    if (cancel) this.#parked.set(context, cancel)
  }

  #end(context: WorkContext, { outcome, held }: Settled, error?: Error): void {
    const { tally, finished } = this.#options
    const { delivery, key } = context
    context.end()
    tally[counted(outcome)]++
    if (telemetry.settle.hasSubscribers) telemetry.settle.publish({ context, outcome, error })
    finished(delivery, key, held && delivery.attempt < this.#options.plan.maxDeliveries)
  }
}
