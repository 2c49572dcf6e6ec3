import { telemetry } from 'millrace'
import type { Outcome, SettleEvent } from 'millrace'

/** What one handler did. */
export interface Account {
  readonly outcomes: Partial<Record<Outcome, number>>
  /** When each delivery was settled, in ms since the ledger was opened. */
  readonly times: number[]
  /** From the flight's publish to the handler's ack, in ms. */
  readonly latencies: number[]
}

/** Keeps count of every delivery, by what the library itself tells whoever listens. */
export class Ledger {
  readonly accounts: Map<string, Account> = new Map()
  readonly #published = new Map<string, number>()
  readonly #opened = performance.now()

  constructor() {
    telemetry.settle.subscribe(this.#settled)
  }

  /** ms since it was opened. */
  get now(): number {
    return performance.now() - this.#opened
  }

  readonly stamp = (id: string): void => {
    this.#published.set(id, this.now)
  }

  account(handler: string): Account {
    let account = this.accounts.get(handler)
    if (!account) this.accounts.set(handler, (account = { outcomes: {}, times: [], latencies: [] }))
    return account
  }

  count(handler: string, outcome: Outcome): number {
    return this.account(handler).outcomes[outcome] ?? 0
  }

  close(): void {
    telemetry.settle.unsubscribe(this.#settled)
  }

  readonly #settled = (event: unknown): void => {
    const { context, outcome } = event as SettleEvent
    const { outcomes, times, latencies } = this.account(context.handler)
    const now = this.now
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
    times.push(now)
    if (outcome !== 'acked') return
    const { id, metadata } = context.delivery.message
    // Whatever came of a flight carries the flight's id along.
    const began = this.#published.get(metadata['correlation_id'] ?? id)
    if (began !== undefined) latencies.push(now - began)
  }
}

/** The value below which so large a part of them lies. */
export function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0
}
