import type { Delivery } from '../contract.ts'
import { isMillraceError } from '../errors.ts'
import type { HandedDelivery } from './delivery.ts'
import type { Inbox } from './inbox.ts'
import { Turn } from './turn.ts'

export interface EachOptions {
  readonly handler: (delivery: Delivery) => void | Promise<void>
  readonly signal: AbortSignal | undefined
  readonly inbox: Inbox
  /** The next delivery of a pulled source, not yet in hand. */
  readonly take: () => HandedDelivery | undefined
}

/**
 * One delivery after another. A handler that needs no waiting costs no promise, and its delivery is never booked as in
 * hand: by the time anybody could ask, it is settled.
 */
export async function each(options: EachOptions): Promise<void> {
  const { handler, signal, inbox, take } = options
  const turn = new Turn()
  for (;;) {
    if (signal?.aborted) return
    if (turn.spend(1)) await turn.after(undefined)
    const bare = inbox.size === 0 ? take() : undefined
    const delivery = bare ?? inbox.tryReceive() ?? (await next(inbox, signal))
    if (delivery === undefined) return
    try {
      const result = handler(delivery)
      if (result === undefined) {
        if (bare) bare.finish()
        else if (delivery.open) delivery.ack()
        continue
      }
      bare?.keep()
      await result
      if (delivery.open) delivery.ack()
    } catch (error) {
      bare?.keep()
      if (delivery.open) delivery.nack({ error })
    }
  }
}

/** Waits for the next; undefined at the end. */
async function next(inbox: Inbox, signal: AbortSignal | undefined): Promise<HandedDelivery | undefined> {
  try {
    return (await inbox.receive(signal ? { signal } : undefined)) as HandedDelivery
  } catch (error) {
    if (signal?.aborted || isMillraceError(error, 'CLOSED')) return undefined
    throw error
  }
}
