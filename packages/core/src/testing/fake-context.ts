import type { Delivery, Message, Name, PublishOptions } from '../contract.ts'
import { MillraceError } from '../errors.ts'
import type { Context, OutputMap } from '../handler.ts'
import { captureLogger } from '../logger.ts'
import type { CaptureLogger } from '../logger.ts'
import { encoded } from '../router/output.ts'
import { nameOf } from '../router/topic.ts'
import type { WriteTopic } from '../router/topic.ts'
import { virtualClock } from './virtual-clock.ts'
import type { VirtualClock } from './virtual-clock.ts'

/** What a fake context says of itself. */
export interface FakeContextOptions {
  /** Default 'test'. */
  readonly handler?: string
  /** Default: the handler's name. */
  readonly group?: string
  readonly publishTopic?: string
  readonly clock?: VirtualClock
}

/** A context for calling a handler, or a middleware, without a router. */
export interface FakeContext extends Context {
  readonly clock: VirtualClock
  readonly logger: CaptureLogger
  /** What `publish` was given, typed values encoded. */
  readonly published: readonly {
    readonly topic: string
    readonly message: Message
    readonly options?: PublishOptions
  }[]
  readonly maps: readonly OutputMap[]
  /** Ends the attempt, as a timeout would: its signal aborts. Default reason: TIMEOUT. */
  abort(reason?: Error): void
}

/** The context of this delivery. */
export function fakeContext(delivery: Delivery, options: FakeContextOptions = {}): FakeContext {
  const { handler = 'test', group = handler, publishTopic, clock = virtualClock() } = options
  const abort = new AbortController()
  const published: { topic: string; message: Message; options?: PublishOptions }[] = []
  const maps: OutputMap[] = []
  return {
    delivery,
    topic: delivery.topic,
    cause: delivery.message,
    handler,
    group,
    subscribeTopic: delivery.topic,
    publishTopic,
    subscriber: 'fake',
    publisher: 'fake',
    signal: abort.signal,
    waiting: abort.signal,
    logger: captureLogger(),
    clock,
    transaction: undefined,
    async publish(topic: Name | WriteTopic<unknown>, values: unknown, how?: PublishOptions) {
      for (const value of Array.isArray(values) ? (values as readonly unknown[]) : [values])
        published.push({
          topic: nameOf(topic),
          message: await encoded(topic, value),
          ...(how !== undefined && { options: how }),
        })
    },
    mapOutputs(map) {
      if (!maps.includes(map)) maps.push(map)
    },
    published,
    maps,
    abort: (reason = new MillraceError('TIMEOUT', "the attempt's time is over")) => abort.abort(reason),
  }
}
