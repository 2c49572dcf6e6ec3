import type { Broker } from 'millrace'

/** One backend on its real server: through Millrace and through its own client, with the same settings. */
export interface Backend {
  readonly name: string
  /** A broker with nothing in it, and what to do about it afterwards. */
  open(): Promise<Opened>
}

export interface Opened {
  readonly broker: Broker
  readonly bare: Bare
  close(): Promise<void>
}

/** The same work by the vendor's client alone. */
export interface Bare {
  /** Publishes so many messages of `size` bytes, confirmed, with at most `window` un-confirmed at once. */
  publish(topic: string, size: number, messages: number, window: number): Promise<void>
  /** Makes whatever must be there before a publish is kept for `consume`. */
  prepare(topic: string): Promise<void>
  /** Consumes and acknowledges so many, with at most `window` un-acknowledged at once. */
  consume(topic: string, messages: number, window: number): Promise<void>
}

/** Runs `messages` promises, `window` at a time. */
export async function pipelined(messages: number, window: number, one: () => Promise<unknown>): Promise<void> {
  let left = messages
  const lane = async (): Promise<void> => {
    while (left-- > 0) await one()
  }
  await Promise.all(Array.from({ length: Math.min(window, messages) }, lane))
}
