/**
 * What the library tells those who watch it, through `node:diagnostics_channel`. Costs one property read where nobody
 * listens. Nothing here changes what happens to a message, except that a listener may add metadata to what is published.
 */
import { channel, tracingChannel } from 'node:diagnostics_channel'
import type { Channel, TracingChannel } from 'node:diagnostics_channel'
import type { BatchContext, Context } from './handler.ts'
import type { Message } from './contract.ts'
import { isThenable } from './thenable.ts'

/** Once for each delivery, or batch, that a handler gets: retries and outputs are inside it. Channels `tracing:millrace:process:*`. */
export interface ProcessEvent {
  /** Of a batch: `deliveries` are all, `delivery` is the first. */
  readonly context: Context & BatchContext
  /** What the handler returned, once it did. */
  result?: unknown
  error?: unknown
}

/** Once for each call of a router's publisher: outputs and `context.publish`. Channels `tracing:millrace:publish:*`. */
export interface PublishEvent {
  readonly handler: string
  readonly topic: string
  /** A listener to `start` may replace it, to add its own metadata. */
  messages: readonly Message[]
  error?: unknown
}

/** Once for each delivery that a handler got, when it was settled. Channel `millrace:settle`. */
export interface SettleEvent {
  readonly context: Context
  readonly outcome: Outcome
  readonly error?: unknown
}

/** What became of a delivery: done, failed and to come again, dead-lettered, given back, too late, seen before, no dead-letter topic, no longer ours. */
export type Outcome = 'acked' | 'nacked' | 'rejected' | 'released' | 'expired' | 'duplicate' | 'discarded' | 'lost'

/** What happens to a handler itself. Channel `millrace:handler`. */
export interface HandlerEvent {
  readonly handler: string
  readonly what:
    | 'started'
    | 'stopping'
    | 'stopped'
    | 'resubscribing'
    | 'retrying'
    | 'timed-out'
    | 'breaker-open'
    | 'breaker-half-open'
    | 'breaker-closed'
  readonly attempt?: number
  /** ms until the next try, for 'resubscribing' and 'retrying'. */
  readonly delay?: number
  readonly error?: unknown
}

/** The channels on which a router tells what it does; `node:diagnostics_channel`. */
export interface Telemetry {
  readonly process: TracingChannel<unknown, ProcessEvent>
  readonly publish: TracingChannel<unknown, PublishEvent>
  readonly settle: Channel<unknown, SettleEvent>
  readonly handler: Channel<unknown, HandlerEvent>
}

/** The channels. Node keeps one of each name for a process, whatever number of copies of the library are loaded. */
export const telemetry: Telemetry = Object.freeze({
  process: tracingChannel<unknown, ProcessEvent>('millrace:process'),
  publish: tracingChannel<unknown, PublishEvent>('millrace:publish'),
  settle: channel('millrace:settle') as Channel<unknown, SettleEvent>,
  handler: channel('millrace:handler') as Channel<unknown, HandlerEvent>,
})

/** Whether anyone follows the work. A listener takes part in `start`, as those of tracing channels do. */
export function followed(traced: { readonly start: { readonly hasSubscribers: boolean } }): boolean {
  return traced.start.hasSubscribers
}

/**
 * Runs the work between `start` and `end`, and, where it gives a promise, `asyncStart` and `asyncEnd`, with `error` when it
 * fails. Stores bound to `start` hold for the work and what follows from it.
 */
export function traced<E extends { error?: unknown }>(
  through: TracingChannel<unknown, E>,
  event: E,
  work: () => unknown,
): unknown {
  return through.start.runStores(event, () => {
    let result: unknown
    try {
      result = work()
    } catch (error) {
      event.error = error
      through.error.publish(event)
      through.end.publish(event)
      throw error
    }
    through.end.publish(event)
    if (!isThenable(result)) return result
    return result.then(
      value => {
        through.asyncStart.publish(event)
        through.asyncEnd.publish(event)
        return value
      },
      (error: unknown) => {
        event.error = error
        through.error.publish(event)
        through.asyncStart.publish(event)
        through.asyncEnd.publish(event)
        throw error
      },
    )
  })
}
