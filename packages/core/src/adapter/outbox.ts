import type { Settlement, Source } from './driver.ts'

export interface OutboxOptions {
  /** As many settlements are sent at once at the latest. */
  readonly most: number
  /** Called when settlements were sent: so many deliveries are no longer in this process. */
  readonly sent: (freed: number) => void
  readonly failed: (error: unknown) => void
}

/**
 * Settlements on their way to the broker. They are decided at once and sent in batches: when there are many, when
 * the consumer has nothing left to read, and at the end of the event loop's turn.
 */
export class Outbox {
  readonly #options: OutboxOptions
  #source: Source | undefined
  #batch: Settlement[] = []
  #spare: Settlement[] = []
  #freed = 0
  #armed = false
  readonly #pending = new Set<Promise<void>>()
  #error: unknown

  constructor(options: OutboxOptions) {
    this.#options = options
  }

  /** Where settlements go from now on. What was decided for another source is dropped: its deliveries were lost with it. */
  connect(source: Source | undefined): void {
    this.#source = source
    this.#batch = []
    this.#freed = 0
  }

  add(settlement: Settlement): void {
    this.#batch.push(settlement)
    if (settlement.outcome !== 'hold') this.#freed++
    if (this.#batch.length >= this.#options.most) this.send()
    else if (!this.#armed) {
      this.#armed = true
      setImmediate(() => {
        this.#armed = false
        this.send()
      })
    }
  }

  /** Sends what is decided now. */
  send(): void {
    if (this.#batch.length === 0 || !this.#source) return
    const batch = this.#batch
    const freed = this.#freed
    this.#batch = this.#spare
    this.#spare = []
    this.#freed = 0
    let sending: void | Promise<void> = undefined
    try {
      sending = this.#source.settle(batch)
    } catch (error) {
      this.#fail(error)
    }
    if (sending instanceof Promise) {
      const tracked: Promise<void> = sending
        .catch((error: unknown) => this.#fail(error))
        .finally(() => this.#pending.delete(tracked))
      this.#pending.add(tracked)
    } else {
      batch.length = 0
      this.#spare = batch
    }
    if (freed > 0) this.#options.sent(freed)
  }

  /** Resolves when everything decided so far is sent and answered. Rejects with the first failure since the last flush. */
  async flush(): Promise<void> {
    this.send()
    await Promise.all(this.#pending)
    const error = this.#error
    this.#error = undefined
    if (error !== undefined) throw error
  }

  #fail(error: unknown): void {
    this.#error ??= error
    this.#options.failed(error)
  }
}
