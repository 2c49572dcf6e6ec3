import { backoff } from '../adapter/backoff.ts'
import type { Backoff } from '../adapter/backoff.ts'
import type { Clock } from '../clock/clock.ts'
import type { Broker, Delivery, Name, Publisher, SubscribeOptions, Subscriber } from '../contract.ts'
import { MillraceError } from '../errors.ts'
import { milliseconds, whole } from '../bounds.ts'
import type { BreakerOptions } from '../policy/breaker.ts'
import { Breaker } from '../policy/breaker.ts'
import type { BulkheadOptions } from '../policy/bulkhead.ts'
import { Bulkhead } from '../policy/bulkhead.ts'
import type { DedupeOptions } from '../policy/dedupe.ts'
import { Deduplicator } from '../policy/dedupe.ts'
import { redeliver } from '../policy/redeliver.ts'
import type { RedeliverOptions } from '../policy/redeliver.ts'
import { retry } from '../policy/retry.ts'
import type { RetryOptions } from '../policy/retry.ts'
import type { ThrottleOptions } from '../policy/throttle.ts'
import { Throttle } from '../policy/throttle.ts'
import { Timeout } from '../policy/timeout.ts'
import { telemetry } from '../telemetry.ts'
import { checkSpec, checkSubscription } from './checked-spec.ts'
import type { Input, ReadTopic, WriteTopic } from './topic.ts'
import { isTopic, nameOf } from './topic.ts'

/** What every handler has. The policies work in one fixed order, whatever the order here; see `docs/guide/router.md`. */
export interface CommonSpec<O = never> {
  readonly subscriber: Subscriber
  /** Shared by those who are to compete. Default: the handler's name. Null: no group, everyone gets everything. */
  readonly group?: string | null
  /** Default: the subscriber, where it publishes too. */
  readonly publisher?: Publisher
  /** Where the results go that name no topic of their own. A typed topic encodes them. */
  readonly publishTopic?: Name | WriteTopic<O>
  /** In process. Default: none. */
  readonly retry?: RetryOptions
  /** Through the broker, after `retry`: `attempts` sets the subscription's `maxDeliveries`. Default 10 deliveries. */
  readonly redeliver?: RedeliverOptions
  /** Where it goes then. Default `<topic>.<group>.dead`; false discards and counts. */
  readonly deadLetter?: string | false
  /** ms for each attempt. Default: none. */
  readonly timeout?: number
  /** At most so many attempts in a time; intake waits. Default: none. */
  readonly throttle?: ThrottleOptions | Throttle
  /** Stops what keeps failing; intake waits. Default: none. */
  readonly breaker?: BreakerOptions | Breaker
  /** A limit on attempts that run at the same time, to share with other handlers. Default: none. */
  readonly bulkhead?: BulkheadOptions | Bulkhead
  /** Default: none. */
  readonly dedupe?: DedupeOptions | Deduplicator
  /** Anything else of the subscription: `prefetch`, `from`, `lease`, the broker's own. */
  readonly subscribe?: Omit<
    SubscribeOptions,
    'group' | 'maxDeliveries' | 'backoff' | 'deadLetter' | 'signal' | 'redelivery'
  >
}

/** A handler of single messages: what it reads, and what to do about failure, load and time. */
export interface HandlerSpec<O = never> extends CommonSpec<O> {
  /** Deliveries handled at the same time, 1 to 10,000. Default 1. */
  readonly concurrency?: number
  /** Deliveries of the same key are handled one after the other, in their order, through redelivery; undefined: no order. */
  readonly orderBy?: (delivery: Delivery) => string | undefined
  /** The outputs and the ack in one transaction of the broker's. The subscriber publishes. Default false. */
  readonly atomic?: boolean
}

/** A handler of batches: what it reads, how much at a time, and what to do about failure, load and time. */
export interface BatchSpec<O = never> extends CommonSpec<O> {
  readonly batch: {
    /** Messages at most, 1 to 100,000; also the prefetch, where `subscribe` does not say. */
    readonly size: number
    /** ms after the first message at the latest. Default: at once, with what there is. */
    readonly within?: number
  }
  /** Batches handled at the same time, 1 to 1,000. Default 1. */
  readonly concurrency?: number
}

/** A spec with its defaults in place and its policies made. */
export interface Plan {
  readonly name: string
  readonly subscriber: Subscriber
  readonly input: Input
  readonly topic: ReadTopic<unknown> | undefined
  readonly group: string | undefined
  readonly publisher: Publisher | undefined
  readonly publishTopic: Name | WriteTopic<unknown> | undefined
  readonly publishAttempts: number
  readonly publishWait: Backoff
  readonly concurrency: number
  readonly orderBy: ((delivery: Delivery) => string | undefined) | undefined
  readonly atomic: Broker | undefined
  readonly batch: { readonly size: number; readonly within?: number } | undefined
  readonly retry: RetryOptions | undefined
  readonly timeout: Timeout | undefined
  readonly throttle: Throttle | undefined
  readonly breaker: Breaker | undefined
  readonly bulkhead: Bulkhead | undefined
  readonly dedupe: Deduplicator | undefined
  readonly maxDeliveries: number
  /** Whether there is a dead-letter topic; else what is used up is discarded. */
  readonly buries: boolean
  readonly subscribe: SubscribeOptions
}

/** Publishes of the same outputs where the handler has no `retry` to go by. */
const PUBLISH = { attempts: 3, base: 100, max: 1_000 } as const
const MAX_DELIVERIES = 10

/** The rules of the spec's options, said once. @throws BAD_OPTION, INVALID_TOPIC, UNSUPPORTED */
export function plan(
  name: string,
  spec: (HandlerSpec<unknown> | BatchSpec<unknown>) & { readonly topic: Input | ReadTopic<unknown> },
  clock: Clock,
): Plan {
  const { subscriber, topic, group = name, publishTopic, concurrency = 1, deadLetter, subscribe } = spec
  checkSpec(name, spec)
  if (spec.retry) retry(spec.retry) // for its checks
  if (spec.redeliver) redeliver(spec.redeliver)
  const publisher = spec.publisher ?? (publishes(subscriber) ? subscriber : undefined)
  const orderBy = 'orderBy' in spec ? spec.orderBy : undefined
  const batch = 'batch' in spec ? spec.batch : undefined
  if (publishTopic !== undefined && publisher === undefined)
    throw new MillraceError('BAD_OPTION', `handler '${name}': publishTopic needs a publisher`)
  whole(`handler '${name}': concurrency`, concurrency, 1, batch ? 1_000 : 10_000)
  if (batch) {
    whole(`handler '${name}': batch.size`, batch.size, 1, 100_000)
    if (batch.within !== undefined) milliseconds(`handler '${name}': batch.within`, batch.within, 0, Infinity)
    if ('orderBy' in spec || 'atomic' in spec)
      throw new MillraceError('BAD_OPTION', `handler '${name}': a batch handler has no orderBy and no atomic`)
  }
  const maxDeliveries = spec.redeliver?.attempts ?? MAX_DELIVERIES
  const { attempts, base, max } = { ...PUBLISH, ...defined(spec.retry) }
  const subscription: SubscribeOptions = {
    ...(batch && { prefetch: Math.min(100_000, Math.max(256, batch.size * concurrency)) }),
    ...(!batch && concurrency > 256 && { prefetch: concurrency }),
    ...subscribe,
    ...(group !== null && { group }),
    ...(spec.redeliver?.attempts !== undefined && { maxDeliveries }),
    ...(spec.redeliver?.backoff && { backoff: spec.redeliver.backoff }),
    ...(deadLetter !== undefined && { deadLetter }),
    ...(orderBy && { redelivery: 'process' as const }),
  }
  checkSubscription(subscriber, topic, subscription)
  return {
    name,
    subscriber,
    input: isTopic(topic) ? topic.name : topic,
    topic: isTopic(topic) ? topic : undefined,
    group: group ?? undefined,
    publisher,
    publishTopic,
    publishAttempts: attempts,
    publishWait: backoff({ base, max: Math.max(base, max) }),
    concurrency,
    orderBy,
    atomic: 'atomic' in spec && spec.atomic ? atomicBroker(name, spec) : undefined,
    batch,
    retry: spec.retry,
    timeout: spec.timeout === undefined ? undefined : new Timeout(spec.timeout),
    throttle: made<Throttle, ThrottleOptions>(spec.throttle, Throttle, options => new Throttle(options, clock)),
    breaker: made<Breaker, BreakerOptions>(
      spec.breaker,
      Breaker,
      options => new Breaker(watched(name, options), clock),
    ),
    bulkhead: made<Bulkhead, BulkheadOptions>(spec.bulkhead, Bulkhead, options => new Bulkhead(options)),
    dedupe: made<Deduplicator, DedupeOptions>(spec.dedupe, Deduplicator, options => new Deduplicator(options)),
    maxDeliveries,
    buries: deadLetter !== false && (deadLetter !== undefined || group !== null),
    subscribe: subscription,
  }
}

/** What describes a plan to those who read logs. */
export function publishTopicName(plan: Plan): string | undefined {
  return plan.publishTopic === undefined ? undefined : nameOf(plan.publishTopic)
}

/** A handler's own breaker tells its changes to those who watch the handler. */
function watched(handler: string, options: BreakerOptions): BreakerOptions {
  return {
    ...options,
    onChange(from, to) {
      if (telemetry.handler.hasSubscribers) telemetry.handler.publish({ handler, what: `breaker-${to}` })
      options.onChange?.(from, to)
    },
  }
}

function atomicBroker(name: string, spec: HandlerSpec<unknown>): Broker {
  const broker = spec.subscriber as Partial<Broker> & Subscriber
  if (spec.publisher !== undefined && (spec.publisher as unknown) !== broker)
    throw new MillraceError('BAD_OPTION', `handler '${name}': atomic needs one broker to subscribe and to publish`)
  if (!broker.capabilities.transactions || !broker.transaction)
    throw new MillraceError('UNSUPPORTED', `handler '${name}': the broker has no transactions, which atomic needs`)
  return broker as Broker
}

function publishes(subscriber: Subscriber): subscriber is Subscriber & Publisher {
  return typeof (subscriber as Partial<Publisher>).publish === 'function'
}

function made<T extends object, O>(
  given: T | O | undefined,
  kind: abstract new (...args: never[]) => T,
  make: (options: O) => T,
): T | undefined {
  if (given === undefined) return undefined
  return given instanceof kind ? given : make(given as O)
}

/** Without the keys that are undefined, so that they do not hide a default. */
function defined<T extends object>(options: T | undefined): Partial<T> {
  return Object.fromEntries(Object.entries(options ?? {}).filter(([, value]) => value !== undefined)) as Partial<T>
}
