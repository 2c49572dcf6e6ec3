/** What happened, by topic. Plain data: made for `toEqual` and `toMatchObject`. */
export type Report = Readonly<Record<string, TopicReport>>

/** What happened on one topic. */
export interface TopicReport {
  /** In the order in which the broker took them. */
  readonly published: readonly PublishedRecord[]
  /** In the order in which they were handed out: one for each attempt. */
  readonly deliveries: readonly DeliveryRecord[]
  /** Those that died of this topic, wherever they were buried. */
  readonly deadLetters: readonly DeadLetterRecord[]
}

/** A message that was accepted. */
export interface PublishedRecord {
  readonly id: string
  readonly key?: string
  /** The payload as UTF-8. */
  readonly text: string
  readonly metadata: Readonly<Record<string, string>>
  /** When, in ms since the epoch. */
  readonly at: number
}

/** One attempt at a message and what became of it. */
export interface DeliveryRecord {
  readonly id: string
  readonly text: string
  /** Absent for a subscription without one. */
  readonly group?: string
  readonly attempt: number
  readonly outcome: DeliveryOutcome
}

/** `open`: not settled yet. `lost`: the connection broke, or the lease ended, while it was in hand. */
export type DeliveryOutcome =
  'acked' | 'nacked' | 'released' | 'dead-lettered' | 'discarded' | 'expired' | 'lost' | 'open'

/** A message that was dead-lettered, and why. */
export interface DeadLetterRecord {
  readonly id: string
  readonly text: string
  /** The topic that it was buried in. */
  readonly to: string
  readonly group?: string
  readonly attempts: number
  /** The last failure's name and message. */
  readonly error?: string
  /** The first one's, where it differs. */
  readonly firstError?: string
}
