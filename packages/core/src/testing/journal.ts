import { provenance } from '../adapter/dead-letter.ts'
import type { Raw, Settlement } from '../adapter/driver.ts'
import type { Message } from '../contract.ts'
import { text } from '../message.ts'
import type { DeadLetterRecord, DeliveryOutcome, DeliveryRecord, PublishedRecord, Report } from './report.ts'

interface Topic {
  readonly published: PublishedRecord[]
  readonly deliveries: (DeliveryRecord & { outcome: DeliveryOutcome })[]
  readonly deadLetters: DeadLetterRecord[]
}

/** Writes down what a broker was given, what it handed out, and what became of that. */
export class Journal {
  readonly #topics = new Map<string, Topic>()
  /** What is in somebody's hands. */
  readonly #open = new Map<Raw, Topic['deliveries'][number]>()
  readonly #groups = new WeakMap<Raw, string>()
  #version = 0

  /** Grows with everything that happens. */
  get version(): number {
    return this.#version
  }

  get inHand(): number {
    return this.#open.size
  }

  /** A snapshot: what happens later does not change it. */
  report(): Report {
    return Object.fromEntries(
      [...this.#topics].map(([name, { published, deliveries, deadLetters }]) => [
        name,
        { published: [...published], deliveries: deliveries.map(one => ({ ...one })), deadLetters: [...deadLetters] },
      ]),
    )
  }

  published(topic: string, message: Message, at: number): void {
    const { id, key, metadata } = message
    const own = text(message)
    this.#topic(topic).published.push({ id, ...(key !== undefined && { key }), text: own, metadata, at })
    const died = provenance(message)
    if (died) {
      const { topic: of, stack: _, ...history } = died
      this.#topic(of).deadLetters.push({ id, text: own, to: topic, ...history })
    }
    this.#version++
  }

  handed(raw: Raw, group: string | undefined): void {
    if (group !== undefined) this.#groups.set(raw, group)
    this.#begin(raw, raw.attempt)
  }

  settled({ raw, outcome, why, attempt }: Settlement): void {
    this.#end(raw, why ?? (outcome === 'ack' ? 'acked' : outcome === 'release' ? 'released' : 'nacked'))
    // It waits in this process: the broker will not hand it out again.
    if (outcome === 'hold') this.#begin(raw, attempt + 1)
  }

  acked(raw: Raw): void {
    this.#end(raw, 'acked')
  }

  lost(raw: Raw): void {
    this.#end(raw, 'lost')
  }

  #begin(raw: Raw, attempt: number): void {
    const { message, topic } = raw
    const group = this.#groups.get(raw)
    const record = {
      id: message?.id ?? '',
      text: message ? text(message) : '',
      ...(group !== undefined && { group }),
      attempt,
      outcome: 'open' as const,
    }
    this.#topic(topic).deliveries.push(record)
    this.#open.set(raw, record)
    this.#version++
  }

  #end(raw: Raw, outcome: DeliveryOutcome): void {
    const record = this.#open.get(raw)
    if (!record) return
    this.#open.delete(raw)
    record.outcome = outcome
    this.#version++
  }

  #topic(name: string): Topic {
    let topic = this.#topics.get(name)
    if (!topic) this.#topics.set(name, (topic = { published: [], deliveries: [], deadLetters: [] }))
    return topic
  }
}
