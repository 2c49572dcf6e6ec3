import type { Outcome } from '../telemetry.ts'

/** Counts since the handler started. */
export interface HandlerStats {
  /** Deliveries that were begun. */
  readonly received: number
  /** Deliveries that the handler and its outputs got through. */
  readonly acked: number
  /** Failed, to come again. */
  readonly nacked: number
  /** Failed for good: dead-lettered by a rejection or with the last attempt. */
  readonly rejected: number
  /** Failed for good where there is no dead-letter topic. */
  readonly discarded: number
  /** Given back, not a failure. */
  readonly released: number
  /** Came too late to be worth handling. */
  readonly expired: number
  /** Were handled before. */
  readonly duplicates: number
  /** Were no longer ours when they were settled: they come again. */
  readonly lost: number
  /** Being worked on now. */
  readonly inFlight: number
  /** Taken in, waiting for an earlier one of their key. */
  readonly waiting: number
}

/** The counts as they grow. */
export interface Tally {
  received: number
  acked: number
  nacked: number
  rejected: number
  discarded: number
  released: number
  expired: number
  duplicates: number
  lost: number
}

export function tally(): Tally {
  return {
    received: 0,
    acked: 0,
    nacked: 0,
    rejected: 0,
    discarded: 0,
    released: 0,
    expired: 0,
    duplicates: 0,
    lost: 0,
  }
}

/** The count that an outcome adds to. */
export function counted(outcome: Outcome): keyof Tally {
  return outcome === 'duplicate' ? 'duplicates' : outcome
}
