import type { MillraceError } from 'millrace/adapter'
import type { Cluster, Place } from './cluster.ts'
import type { Coordinator } from './rpc.ts'

/** A member of a group: it is told which partitions are its own, and commits for them. */
export interface Member {
  /** Resolves when the first assignment is in place. */
  join(signal: AbortSignal): Promise<void>
  /** The topics have changed. */
  resubscribe(): void
  /** Topics as an OffsetCommit takes them. Rejects with ours; LOST where the partitions are another's by now. */
  commit(topics: readonly unknown[]): Promise<void>
  /** For a commit within a transaction. */
  identity(): { readonly memberId: string; readonly generation: number }
  /** Gives everything up at once, as far as the server can be reached. */
  leave(): Promise<void>
}

/** What a member is told to, and asks. Nothing here rejects, save `assign`. */
export interface MemberHost {
  topics(): readonly string[]
  /** These go to another: what is in hand is settled within a bound, committed, and the rest lost. */
  revoke(places: readonly Place[]): Promise<void>
  /** These are its own from now on. */
  assign(places: readonly Place[]): Promise<void>
  /** All of it is another's already. */
  fenced(): void
  /** The group cannot be reached, or will not have it. */
  failed(error: MillraceError): void
}

export interface MemberOptions {
  readonly cluster: Cluster
  /** For what a rebalance may hold up. */
  readonly coordinator: Coordinator
  /** For commits, which go on meanwhile. */
  readonly offsets: Coordinator
  readonly group: string
  readonly host: MemberHost
}

/** Those of `a` that are not in `b`. */
export function without(a: readonly Place[], b: readonly Place[]): Place[] {
  const keys = new Set(b.map(({ topic, partition }) => `${topic}:${partition}`))
  return a.filter(({ topic, partition }) => !keys.has(`${topic}:${partition}`))
}
