/** What happened to a group's messages, or to a topic's. */
export interface Counts {
  published: number
  /** Hand-outs, redeliveries included. */
  delivered: number
  acked: number
  nacked: number
  /** Hand-outs of what had failed before: with an attempt of 2 or more. */
  redelivered: number
  released: number
  expired: number
  deadLettered: number
  /** Unsettled by a retention policy, once for each group it was dropped from, or discarded for want of a dead-letter topic. */
  dropped: number
}

export function noCounts(): Counts {
  return {
    published: 0,
    delivered: 0,
    acked: 0,
    nacked: 0,
    redelivered: 0,
    released: 0,
    expired: 0,
    deadLettered: 0,
    dropped: 0,
  }
}

export function addCounts(sum: Counts, more: Counts): void {
  for (const key of Object.keys(sum) as (keyof Counts)[]) sum[key] += more[key]
}

/** One group's counts and what it has left, in one topic. */
export interface GroupStatistics extends Readonly<Omit<Counts, 'published'>> {
  /** Not settled by the group. */
  readonly pending: number
  /** Handed to this process's consumers and not settled. */
  readonly inFlight: number
  readonly consumers: number
}

/** One topic's counts over all its groups, and what it keeps. */
export interface TopicStatistics extends Readonly<Counts> {
  /** Kept: un-settled, and settled ones for replay. */
  readonly retained: number
  /** Published with a delay that is not over. */
  readonly delayed: number
  /** An estimate: payloads and 128 bytes a message. */
  readonly bytes: number
  /** Publishers that wait for room. */
  readonly blocked: number
  readonly groups: Readonly<Record<string, GroupStatistics>>
  /** Subscriptions without a group. */
  readonly ephemeral: readonly GroupStatistics[]
}

/** The whole broker's counts, those of topics that are gone included, and each topic's. */
export interface MemoryStatistics extends Readonly<Counts> {
  /** Over all groups, messages not settled; a message counts once for each group that has not settled it. */
  readonly pending: number
  readonly inFlight: number
  readonly bytes: number
  readonly peakBytes: number
  readonly topics: Readonly<Record<string, TopicStatistics>>
}
