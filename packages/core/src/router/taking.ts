import type { Subscription } from '../contract.ts'

/** What intake of single deliveries and of batches have in common. */
export interface Taking {
  readonly busy: number
  readonly waiting: number
  open(subscription: Subscription): void
  lost(): void
  /** Takes nothing more in. Gives back what was taken in and not begun; returns how many that were. */
  stop(): number
  empty(): Promise<void>
}
