import type { Delivery } from '../contract.ts'
import { isMillraceError } from '../errors.ts'
import type { Logger } from '../logger.ts'
import type { RetryOptions } from '../policy/retry.ts'
import type { Outcome } from '../telemetry.ts'
import type { Plan } from './spec.ts'

/** What became of a delivery, and whether it will come back to this very process with the same message. */
export interface Settled {
  readonly outcome: Outcome
  readonly held: boolean
}

const ACKED: Settled = { outcome: 'acked', held: false }

/** Acks, unless the handler settled it otherwise by itself: then that stays. */
export function settleDone(delivery: Delivery, logger: Logger): Settled {
  try {
    return delivery.ack() ? ACKED : { outcome: 'lost', held: false }
  } catch (error) {
    return settledByHand(delivery, error, logger)
  }
}

/** What a failure calls for. */
export type Verdict = 'release' | 'nack' | 'reject'

/** An open breaker is no failure; what is fatal needs no second look. */
export function verdict(error: Error, retry: RetryOptions | undefined): Verdict {
  if (isMillraceError(error, 'BREAKER_OPEN')) return 'release'
  try {
    return retry?.fatal?.(error) ? 'reject' : 'nack'
  } catch {
    return 'nack' // a classification that fails classifies nothing
  }
}

/** What a nack comes to: it comes again, or its deliveries are used up and it is dead-lettered or discarded. */
export type NackEffect = 'nacked' | 'rejected' | 'discarded'

export function nackEffect(delivery: Delivery, { maxDeliveries, buries }: Plan): NackEffect {
  if (delivery.attempt < maxDeliveries) return 'nacked'
  return buries ? 'rejected' : 'discarded'
}

/** Settles what failed. */
export function settleFailed(
  delivery: Delivery,
  error: Error,
  how: Verdict,
  nack: NackEffect,
  logger: Logger,
): Settled {
  try {
    switch (how) {
      case 'release':
        return { outcome: delivery.release() ? 'released' : 'lost', held: false }
      case 'nack':
        if (!delivery.nack({ error })) return { outcome: 'lost', held: false }
        return { outcome: nack, held: nack === 'nacked' }
      case 'reject':
        return { outcome: delivery.reject({ error }) ? 'rejected' : 'lost', held: false }
    }
  } catch (thrown) {
    if (isMillraceError(thrown, 'NO_DEAD_LETTER')) {
      logger.log('error', 'discarded: it cannot be handled and there is no dead-letter topic', { error })
      return { outcome: delivery.ack() ? 'discarded' : 'lost', held: false }
    }
    return settledByHand(delivery, thrown, logger)
  }
}

/** It was settled otherwise before, by the handler or a middleware. Asks how, by doing it again: the same twice is nothing. */
function settledByHand(delivery: Delivery, thrown: unknown, logger: Logger): Settled {
  if (isMillraceError(thrown, 'SETTLED')) {
    if (agrees(() => delivery.nack())) return { outcome: 'nacked', held: true }
    if (agrees(() => delivery.reject())) return { outcome: 'rejected', held: false }
    if (agrees(() => delivery.release())) return { outcome: 'released', held: false }
    return ACKED
  }
  logger.log('error', 'it could not be settled', { error: thrown })
  return { outcome: agrees(() => delivery.release()) ? 'released' : 'lost', held: false }
}

function agrees(settle: () => boolean): boolean {
  try {
    return settle()
  } catch {
    return false
  }
}
