import { takenOff } from '../adapter/taken-off.ts'
import { milliseconds } from '../bounds.ts'
import type { Delivery, Message, NackOptions, RejectOptions } from '../contract.ts'
import { MillraceError } from '../errors.ts'

/** What a fake delivery says of itself. */
export interface FakeDeliveryOptions {
  /** Default 'test'. */
  readonly topic?: string
  /** Default 1. */
  readonly attempt?: number
  readonly time?: number
  readonly expires?: number
  readonly position?: string
  readonly origin?: Readonly<Record<string, string | number>>
  /** What `extend` grants, in ms. Default 30,000. */
  readonly lease?: number
}

/** What was said of a delivery. */
export type FakeSettlement =
  | { readonly is: 'ack' }
  | ({ readonly is: 'nack' } & NackOptions)
  | ({ readonly is: 'reject' } & RejectOptions)
  | { readonly is: 'release' }

/** A delivery in nobody's hands: it remembers how it was settled, and holds to the contract's rules of settling. */
export interface FakeDelivery extends Delivery {
  readonly settlement: FakeSettlement | undefined
  /** ms asked for by each `extend`; undefined where none were named. */
  readonly extensions: readonly (number | undefined)[]
  /** As if the connection broke: the signal aborts with LOST, and what is said from now on counts for nothing. */
  lose(): void
}

/** For calling a handler without a broker. */
export function fakeDelivery(message: Message, options: FakeDeliveryOptions = {}): FakeDelivery {
  const { topic = 'test', attempt = 1, time, expires, position, origin = {}, lease = 30_000 } = options
  const abort = new AbortController()
  const extensions: (number | undefined)[] = []
  let settlement: FakeSettlement | undefined
  let lost = false

  /** As those of a real one its methods are called on it. */
  const whole = (on: unknown, method: FakeSettlement['is']): void => {
    if (on !== held) throw takenOff(method)
  }

  const settle = (next: FakeSettlement): boolean => {
    if (lost) return false
    if (settlement && settlement.is !== next.is)
      throw new MillraceError('SETTLED', `message ${message.id} was settled by ${settlement.is}(), not ${next.is}()`)
    if (settlement) return true
    settlement = next
    abort.abort(new MillraceError('SETTLED', 'the delivery is settled'))
    return true
  }

  const held: FakeDelivery = {
    message,
    topic,
    attempt,
    redelivered: attempt > 1,
    ...(time !== undefined && { time }),
    ...(expires !== undefined && { expires }),
    ...(position !== undefined && { position }),
    origin,
    signal: abort.signal,
    ack() {
      whole(this, 'ack')
      return settle({ is: 'ack' })
    },
    nack(how = {}) {
      whole(this, 'nack')
      const first = !lost && !settlement
      if (first && how.delay !== undefined) milliseconds('nack: delay', how.delay, 0, Number.MAX_SAFE_INTEGER)
      return settle({ is: 'nack', ...how })
    },
    reject(how = {}) {
      whole(this, 'reject')
      return settle({ is: 'reject', ...how })
    },
    release() {
      whole(this, 'release')
      return settle({ is: 'release' })
    },
    extend(atLeast) {
      if (this !== held) return Promise.reject(takenOff('extend'))
      if (lost || settlement)
        return Promise.reject(new MillraceError(lost ? 'LOST' : 'SETTLED', 'there is no lease to extend'))
      extensions.push(atLeast)
      return Promise.resolve(Math.max(lease, atLeast ?? 0))
    },
    get settlement() {
      return settlement
    },
    extensions,
    lose() {
      if (lost || settlement) return
      lost = true
      abort.abort(new MillraceError('LOST', 'the delivery was lost'))
    },
  }
  return held
}
