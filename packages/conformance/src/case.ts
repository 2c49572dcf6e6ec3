import type { Broker, Capabilities } from 'millrace'
import type { Kit } from './kit/kit.ts'

/** One promise of the contract, and how to see whether a broker keeps it. */
export interface Case {
  /** A true sentence about behaviour. Never the same twice in the suite. */
  readonly title: string
  /** It restarts the broker or looks at the whole process: nothing may run beside it. */
  readonly alone?: true
  readonly needs: Need
  /** Passes by resolving. */
  run(kit: Kit): Promise<void>
}

/** Whether a case applies: true, or the reason why not. */
export type Need = (capabilities: Capabilities, means: Means) => true | string

/** What the suite was given beside the broker. */
export interface Means {
  readonly order: Order
  readonly restart: boolean
  readonly foreign: boolean
  readonly hold: boolean
}

/** `publish-first`: the broker keeps messages for a group that was declared. `subscribe-first`: it keeps nothing. */
export type Order = 'publish-first' | 'subscribe-first'

/** `short` for every commit; `full` with Watermill's full counts; `stress` runs each case ten times at once. */
export type Mode = 'short' | 'full' | 'stress'

/** What an adapter's author can put into a topic behind the adapter's back. */
export type ForeignKind =
  /** A healthy message of another producer: the payload `foreign`, without an id and without our headers. */
  | 'plain'
  /** Bytes, headers or a row that cannot be a message. */
  | 'corrupt'

/** A way to the server on which nothing gets through until it is released: connections are taken, and hear nothing. */
export interface HeldLink {
  /** A new broker that connects over this link and no other. The suite closes it. */
  open(): Broker | Promise<Broker>
  /** How many connections of clients are open on the link at this moment. */
  readonly connections: number
  /** Lets through what was held, and all that comes, until it is held again. */
  release(): void
  /** Again nothing gets through, and neither side is told. */
  hold(): void
  /** Ends the link. Called once, after its broker was closed. */
  close(): Promise<void>
}
