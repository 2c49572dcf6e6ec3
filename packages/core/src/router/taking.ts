import type { Message, Subscription } from '../contract.ts'

/** What intake of single deliveries and of batches have in common. */
export interface Taking {
  readonly busy: number
  readonly waiting: number
  open(subscription: Subscription): void
  /** These were lost, or any: whoever tells may not know which. */
  lost(which?: ReadonlySet<Message>): void
  /** Takes nothing more in. Gives back what was taken in and not begun; returns how many that were. */
  stop(): number
  empty(): Promise<void>
}
