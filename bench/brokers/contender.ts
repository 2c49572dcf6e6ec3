import type { Broker } from 'millrace'

/** One backend on its real server: through Millrace, through its own client, and through Watermill. */
export interface Backend {
  readonly name: string
  /** What all of them are asked for, for the reader of the table. */
  readonly settings: string
  /** How many messages a round has: one by one, pipelined, and consumed. */
  readonly counts: { readonly single: number; readonly publish: number; readonly consume: number }
  /** Where Watermill has that backend. */
  readonly watermill?: WatermillSettings
  /** A broker and a bare client on a server with nothing in it. */
  open(): Promise<Opened>
}

export interface Opened {
  /** As `millrace/connect` takes it. */
  readonly url: string
  readonly broker: Broker
  readonly bare: Bare
  close(): Promise<void>
}

/** The same work by the vendor's client alone. */
export interface Bare {
  /** Makes whatever must be there before a publish is kept for `consume`. */
  prepare(topic: string): Promise<void>
  /** Publishes so many payloads, confirmed, with at most `window` un-confirmed at once. */
  publish(topic: string, payload: Buffer, messages: number, window: number): Promise<void>
  /** The same, `size` messages in each call and one call at a time, where the client has such a call. */
  batches?(topic: string, payload: Buffer, messages: number, size: number): Promise<void>
  /** Consumes and acknowledges so many, with at most `window` un-acknowledged at once; ms from the first to the last ack. */
  consume(topic: string, messages: number, window: number): Promise<number>
}

/** Flags of `bench/rivals/watermill`'s command `bench`, beside url, operation and size. */
export interface WatermillSettings {
  readonly publish: readonly WatermillSetting[]
  readonly consume: readonly WatermillSetting[]
}

export interface WatermillSetting {
  /** For the reader: 'default, 1 publisher'. */
  readonly name: string
  readonly flags: readonly string[]
}

/** Runs `messages` promises, `window` at a time. */
export async function pipelined(messages: number, window: number, one: () => Promise<unknown>): Promise<void> {
  let left = messages
  const lane = async (): Promise<void> => {
    while (left-- > 0) await one()
  }
  await Promise.all(Array.from({ length: Math.min(window, messages) }, lane))
}

/** Counts messages, and tells the time from the first to the last. */
export class Drain {
  /** Resolves with the ms when `last` was called. */
  readonly done: Promise<number>
  #left: number
  #begun = 0
  #resolve: (ms: number) => void = () => undefined

  constructor(messages: number) {
    this.#left = messages
    this.done = new Promise(resolve => (this.#resolve = resolve))
  }

  /** One more has come; true for the last. */
  came(): boolean {
    if (this.#begun === 0) this.#begun = performance.now()
    return --this.#left === 0
  }

  /** All are settled. */
  last(): void {
    this.#resolve(performance.now() - this.#begun)
  }
}
