import type { Delivery } from '../contract.ts'
import { asError } from '../errors.ts'
import type { BatchContext, Handler } from '../handler.ts'
import type { Claim } from '../policy/dedupe.ts'
import { followed, telemetry, traced } from '../telemetry.ts'
import type { ProcessEvent } from '../telemetry.ts'
import { nackEffect, settleDone, settleFailed, verdict } from './settle.ts'
import type { Settled, Verdict } from './settle.ts'
import type { Plan } from './spec.ts'
import type { Tally } from './stats.ts'
import { counted } from './stats.ts'
import type { Home } from './work-context.ts'
import { WorkContext } from './work-context.ts'

export interface BatchWorkOptions {
  readonly plan: Plan
  readonly home: Home
  readonly tally: Tally
  readonly handler: Handler<BatchContext>
}

/** One message of a batch that is to be handled. */
interface Part {
  readonly delivery: Delivery
  readonly value: unknown
  readonly claim: Claim | undefined
}

/** ms before the next batch when a breaker that the plan does not know was open. */
const PAUSE = 1_000

/** What happens to a batch: the same steps as for one message, but each message is decoded, claimed and settled by itself. */
export class BatchWork {
  readonly #options: BatchWorkOptions

  constructor(options: BatchWorkOptions) {
    this.#options = options
  }

  /** Never rejects. Resolves to the ms to wait before the next one. */
  async run(deliveries: readonly Delivery[]): Promise<number> {
    const { home, tally, plan } = this.#options
    tally.received += deliveries.length
    const parts: Part[] = []
    for (const delivery of deliveries) {
      const part = await this.#part(delivery, parts)
      if (part) parts.push(part)
    }
    const [first] = parts
    if (!first) return 0
    const context = new WorkContext(
      home,
      first.delivery,
      undefined,
      parts.map(({ delivery }) => delivery),
    )
    let failure: Error | undefined
    try {
      await this.#handle(
        parts.map(({ value }) => value),
        context,
      )
    } catch (thrown) {
      failure = asError(thrown)
    }
    context.end()
    if (failure === undefined) {
      for (const part of parts) await this.#settle(part, settleDone(part.delivery, home.logger))
      return 0
    }
    const judged = verdict(failure, plan.retry)
    const how = home.stopped || (context.calledOff && judged === 'nack') ? 'release' : judged
    home.logger.log(how === 'release' ? 'debug' : 'warn', 'the batch failed', {
      error: failure,
      verdict: how,
      size: parts.length,
    })
    for (const part of parts) await this.#settle(part, this.#failed(part.delivery, failure, how), failure)
    return how === 'release' && !plan.breaker ? PAUSE : 0
  }

  async #handle(values: readonly unknown[], context: WorkContext): Promise<void> {
    const { home, handler } = this.#options
    const event: ProcessEvent = { context }
    const work = async (): Promise<void> => {
      event.result = await handler(values, context)
      await home.outputs.send(event.result, context)
    }
    await (followed(telemetry.process) ? traced(telemetry.process, event, work) : work())
  }

  /** What of a delivery goes into the batch; undefined where it is settled already. */
  async #part(delivery: Delivery, parts: readonly Part[]): Promise<Part | undefined> {
    const { plan, home } = this.#options
    const { message } = delivery
    if (delivery.expires !== undefined && delivery.expires <= home.clock.now())
      return this.#tell(delivery, { ...settleDone(delivery, home.logger), outcome: 'expired' })
    let value: unknown = message
    try {
      if (plan.topic) value = await plan.topic.decode(message)
    } catch (thrown) {
      const error = asError(thrown)
      home.logger.log('error', 'undecodable: rejected', { error, message: message.id, topic: delivery.topic })
      return this.#tell(delivery, this.#failed(delivery, error, 'reject'), error)
    }
    if (!plan.dedupe) return { delivery, value, claim: undefined }
    try {
      const key = plan.dedupe.keyOf(message)
      // A claim would wait for the one before it in the same batch, which waits for the batch.
      if (key !== undefined && parts.some(({ claim }) => claim?.key === key))
        return this.#tell(delivery, this.#failed(delivery, new Error('its twin is in the same batch'), 'release'))
      const claim = await plan.dedupe.claim(message, new WorkContext(home, delivery))
      if (claim === 'duplicate')
        return this.#tell(delivery, { ...settleDone(delivery, home.logger), outcome: 'duplicate' })
      return { delivery, value, claim: claim === 'new' ? undefined : claim }
    } catch (thrown) {
      return this.#tell(delivery, this.#failed(delivery, asError(thrown), 'nack'), thrown)
    }
  }

  async #settle(part: Part, settled: Settled, error?: Error): Promise<void> {
    this.#tell(part.delivery, settled, error)
    const { claim } = part
    if (!claim) return
    const { dedupe } = this.#options.plan
    try {
      await (settled.outcome === 'acked' ? dedupe?.confirm(claim) : dedupe?.release(claim))
    } catch (failure) {
      this.#options.home.logger.log('error', "the deduplicator's store failed", { error: failure })
    }
  }

  #failed(delivery: Delivery, error: Error, how: Verdict): Settled {
    const { plan, home } = this.#options
    return settleFailed(delivery, error, how, nackEffect(delivery, plan), home.logger)
  }

  #tell(delivery: Delivery, { outcome }: Settled, error?: unknown): undefined {
    const { tally, home } = this.#options
    tally[counted(outcome)]++
    if (telemetry.settle.hasSubscribers)
      telemetry.settle.publish({ context: new WorkContext(home, delivery), outcome, error })
    return undefined
  }
}
