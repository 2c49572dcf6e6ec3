import type { Message } from '../contract.ts'
import { asError } from '../errors.ts'
import { deadLetter } from './dead-letter.ts'
import type { HandedDelivery } from './delivery.ts'
import type { SubscribePlan } from './options.ts'

/** First failures remembered at most, for the provenance. */
const REMEMBERED = 1000

export interface MortuaryOptions {
  readonly plan: SubscribePlan
  /** Publishes and waits until accepted. */
  write(topic: string, message: Message): Promise<void>
  declare(topic: string): Promise<void>
}

/**
 * Where messages go that have used up their attempts: to the dead-letter topic, accepted there before the original is
 * acked; where there is none, nowhere, and that is counted.
 */
export class Mortuary {
  readonly #options: MortuaryOptions
  readonly #firstErrors = new Map<string, unknown>()
  readonly #burying = new Map<HandedDelivery, Promise<void>>()
  readonly #declared = new Set<string>()

  constructor(options: MortuaryOptions) {
    this.#options = options
  }

  /** How many are on their way to the dead-letter topic. */
  get size(): number {
    return this.#burying.size
  }

  get remembers(): boolean {
    return this.#firstErrors.size > 0
  }

  /** The dead-letter topic; false to discard; undefined where there is none. */
  target(topic: string): string | false | undefined {
    const { deadLetter: named, group } = this.#options.plan
    if (named !== undefined) return named
    return group === undefined ? undefined : `${topic}.${group}.dead`
  }

  /** It failed and will be tried again: keeps the first error. */
  note(delivery: HandedDelivery, error: unknown): void {
    const { id } = delivery.message
    if (error === undefined || this.#firstErrors.has(id)) return
    if (this.#firstErrors.size >= REMEMBERED) {
      const [oldest] = this.#firstErrors.keys()
      if (oldest !== undefined) this.#firstErrors.delete(oldest)
    }
    this.#firstErrors.set(id, error)
  }

  forget(delivery: HandedDelivery): void {
    this.#firstErrors.delete(delivery.message.id)
  }

  /** Takes care of it, then says so: without an error it is to be acked. Not at all when it was lost meanwhile. */
  bury(delivery: HandedDelivery, error: unknown, done: (failure: Error | undefined) => void): void {
    const target = this.target(delivery.raw.topic)
    if (target === undefined || target === false) {
      delivery.decide('ack', 0, 'discarded')
      done(undefined)
      return
    }
    const burial = this.#send(target, delivery, error).then(
      () => {
        if (!this.#burying.delete(delivery)) return
        delivery.decide('ack', 0, 'dead-lettered')
        done(undefined)
      },
      (failure: unknown) => {
        if (this.#burying.delete(delivery)) done(asError(failure))
      },
    )
    this.#burying.set(delivery, burial)
  }

  /** Lets go of those that it applies to, and returns them: whatever becomes of their burial is nobody's concern. */
  take(which: (delivery: HandedDelivery) => boolean = () => true): HandedDelivery[] {
    const taken = [...this.#burying.keys()].filter(which)
    for (const delivery of taken) this.#burying.delete(delivery)
    return taken
  }

  /** Resolves when those on their way have arrived or failed. */
  async settled(): Promise<void> {
    await Promise.all(this.#burying.values())
  }

  async #send(target: string, delivery: HandedDelivery, error: unknown): Promise<void> {
    if (!this.#declared.has(target)) {
      await this.#options.declare(target)
      this.#declared.add(target)
    }
    const { raw, attempt } = delivery
    const id = raw.message?.id
    await this.#options.write(
      target,
      deadLetter({
        raw,
        group: this.#options.plan.group,
        attempts: attempt,
        error,
        firstError: id === undefined ? undefined : this.#firstErrors.get(id),
      }),
    )
    if (id !== undefined) this.#firstErrors.delete(id)
  }
}
