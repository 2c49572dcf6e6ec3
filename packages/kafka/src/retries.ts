import { asError, Schedule, systemClock } from 'millrace/adapter'
import type { Scheduled } from 'millrace/adapter'
import { retryTopic } from './names.ts'
import type { Outbound } from './outbound.ts'
import type { KafkaRaw, Partition } from './partition.ts'

export interface RetriesOptions {
  readonly outbound: Outbound
  readonly group: string
  /** Its time has come. */
  readonly due: (raw: KafkaRaw) => void
}

/** ms that a failed message may take to be in its retry topic. */
const PATIENCE = 30_000

/**
 * Failed messages that wait for their next attempt in a topic of their own, beside their group's: what they failed in
 * goes on without them, and neither they nor their attempts are lost with a consumer. Whoever reads the retry topic
 * keeps back what is not due.
 */
export class Retries {
  readonly #options: RetriesOptions
  readonly #schedule = new Schedule(systemClock)
  readonly #kept = new Map<KafkaRaw, Scheduled>()
  #state: 'on' | 'off' = 'on'

  constructor(options: RetriesOptions) {
    this.#options = options
  }

  /** Puts a failed message into its retry topic. False where that failed: then it is kept back here for `delay` ms. */
  async put(raw: KafkaRaw, attempt: number, delay: number): Promise<boolean> {
    const { outbound, group } = this.#options
    const { message, expires, time: published } = raw
    if (message) {
      const due = Date.now() + delay
      const options = { signal: AbortSignal.timeout(PATIENCE), ...(expires !== undefined && { expires }) }
      const failures = await outbound
        .write(retryTopic(raw.topic, group), [message], options, { attempt, due, published })
        .catch((error: unknown) => [asError(error)])
      if (failures.length === 0) return true
    }
    this.#keep(raw, Date.now() + delay)
    return false
  }

  /** Keeps back those of a batch that are not due, and takes them out of it. */
  sift(batch: readonly KafkaRaw[]): KafkaRaw[] {
    const now = Date.now()
    return batch.filter(raw => {
      if (raw.due === undefined || raw.due <= now) return true
      this.#keep(raw, raw.due)
      return false
    })
  }

  /** How many of a partition's are kept back. */
  of(partition: Partition): number {
    let count = 0
    for (const raw of this.#kept.keys()) if (raw.partition === partition) count++
    return count
  }

  /** Those of these partitions are another's to wait for. */
  drop(partitions: readonly Partition[]): void {
    for (const [raw, scheduled] of this.#kept)
      if (partitions.includes(raw.partition)) {
        scheduled.cancel()
        this.#kept.delete(raw)
      }
  }

  /** All are, and what is still on its way here as well. */
  stop(): void {
    this.#state = 'off'
    this.#schedule.clear()
    this.#kept.clear()
  }

  #keep(raw: KafkaRaw, due: number): void {
    if (this.#state === 'off') return
    const scheduled = this.#schedule.add(due, () => {
      this.#kept.delete(raw)
      this.#options.due(raw)
    })
    this.#kept.set(raw, scheduled)
  }
}
