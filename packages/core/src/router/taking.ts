import type { Subscription } from '../contract.ts'

/** What intake of single deliveries and of batches have in common. */
export interface Taking {
  readonly busy: number
  readonly waiting: number
  open(subscription: Subscription): void
  lost(): void
  /** Gives back what was taken in and not begun; returns how many. */
  stop(): number
  empty(): Promise<void>
}
