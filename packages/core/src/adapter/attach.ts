import { asError } from '../errors.ts'
import { pause } from './abort.ts'
import type { AttachSpec, Sink, Source } from './driver.ts'
import { mendable } from './link.ts'
import type { SubscriptionHost } from './subscription-host.ts'

export interface AttachOptions {
  readonly host: Pick<SubscriptionHost, 'driver' | 'link' | 'clock' | 'reconnect' | 'failed'>
  readonly spec: AttachSpec
  readonly sink: Sink
  /** The dead-letter topics that are to exist before anything is delivered. */
  readonly dead: readonly (string | false | undefined)[]
  readonly signal: AbortSignal
}

/** Attaches a sink to the broker: once the link is up, again with backoff when it breaks on the way. */
export async function attach({ host, spec, sink, dead, signal }: AttachOptions): Promise<Source> {
  const { driver, link, clock, reconnect } = host
  for (let attempt = 1; ; attempt++) {
    await link.ready(signal)
    try {
      for (const topic of new Set(dead)) if (topic) await driver.declare(topic, { dead: true }, signal)
      return await driver.attach(spec, sink, signal)
    } catch (error) {
      if (signal.aborted || !mendable(error)) throw error
      link.broken(asError(error))
      host.failed(asError(error))
      await pause(clock, reconnect(attempt), signal)
    }
  }
}
