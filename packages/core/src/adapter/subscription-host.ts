import type { Message } from '../contract.ts'
import type { Clock } from '../clock/clock.ts'
import type { Backoff } from './backoff.ts'
import type { Driver } from './driver.ts'
import type { Link } from './link.ts'

/** What a subscription needs of its broker. */
export interface SubscriptionHost {
  readonly driver: Driver
  readonly link: Link
  readonly clock: Clock
  readonly reconnect: Backoff
  /** Publishes one message and waits until it is accepted, across outages. */
  write(topic: string, message: Message): Promise<void>
  ended(subscription: object): void
  failed(error: Error): void
}
