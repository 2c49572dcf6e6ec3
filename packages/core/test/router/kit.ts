import type { Broker, Delivery, Message, NackOptions, RejectOptions } from '../../src/contract.ts'
import { MillraceError } from '../../src/errors.ts'
import type { Context, OutputMap } from '../../src/handler.ts'
import { captureLogger } from '../../src/logger.ts'
import type { CaptureLogger } from '../../src/logger.ts'
import { memory } from '../../src/memory/index.ts'
import { message } from '../../src/message.ts'
import { Router } from '../../src/router/router.ts'
import { settled, virtualClock } from '../../src/testing/virtual-clock.ts'
import type { VirtualClock } from '../../src/testing/virtual-clock.ts'

/** A router on a memory broker, all of whose time is the test's. */
export interface Mill extends AsyncDisposable {
  readonly clock: VirtualClock
  readonly broker: Broker
  readonly router: Router
  readonly logger: CaptureLogger
  /** Runs the router and waits until it does. */
  run(): Promise<void>
  /** Publishes texts and lets what follows from it settle, as far as it needs no time. */
  publish(topic: string, ...texts: string[]): Promise<void>
}

export function mill(): Mill {
  const clock = virtualClock()
  const broker = memory({ clock })
  const logger = captureLogger()
  const router = new Router({ logger, clock })
  return {
    clock,
    broker,
    router,
    logger,
    async run() {
      router.run().catch(() => undefined)
      await router.running
    },
    async publish(topic, ...texts) {
      await broker.publish(
        topic,
        texts.map(text => message(text)),
      )
      await turns()
    },
    async [Symbol.asyncDispose]() {
      const closing = router.close({ timeout: 0 })
      await closing
      await broker.close({ timeout: 0 })
    },
  }
}

/** Lets promises and turns of the event loop run that need no time: enough of them for the longest chain here. */
export async function turns(count = 10): Promise<void> {
  for (let i = 0; i < count; i++) await settled()
}

/** Every message of a topic from its beginning, as far as it has any now. */
export async function everything(broker: Broker, topic: string): Promise<Delivery[]> {
  const subscription = await broker.subscribe(topic, { from: 'earliest' })
  const all: Delivery[] = []
  await turns()
  for (let next = subscription.tryReceive(); next; next = subscription.tryReceive()) {
    all.push(next)
    next.ack()
  }
  await subscription.close()
  return all
}

export interface FakeDelivery extends Delivery {
  /** What was said of it, in order. */
  readonly said: readonly string[]
  lose(): void
}

export function fakeDelivery(options: { message?: Message; attempt?: number } = {}): FakeDelivery {
  const said: string[] = []
  const abort = new AbortController()
  const say =
    (what: string) =>
    (how?: NackOptions & RejectOptions): boolean => {
      const [before] = said
      if (before && before.split(' ')[0] !== what) throw new MillraceError('SETTLED', 'settled otherwise')
      if (before === undefined) said.push(how?.delay === undefined ? what : `${what} ${how.delay}`)
      return true
    }
  return {
    message: options.message ?? message('hello'),
    topic: 'orders',
    attempt: options.attempt ?? 1,
    origin: {},
    signal: abort.signal,
    ack: say('ack'),
    nack: say('nack'),
    reject: say('reject'),
    release: say('release'),
    extend: () => Promise.resolve(0),
    said,
    lose: () => abort.abort(new MillraceError('LOST', 'lost')),
  }
}

export interface FakeContext extends Context {
  readonly delivery: FakeDelivery
  readonly maps: readonly OutputMap[]
  abort(reason: Error): void
}

export function fakeContext(
  options: { clock?: VirtualClock; delivery?: FakeDelivery; logger?: CaptureLogger } = {},
): FakeContext {
  const { clock = virtualClock(), delivery = fakeDelivery(), logger = captureLogger() } = options
  const abort = new AbortController()
  const maps: OutputMap[] = []
  return {
    delivery,
    topic: delivery.topic,
    cause: delivery.message,
    handler: 'ship',
    group: 'ship',
    subscribeTopic: 'orders',
    publishTopic: undefined,
    subscriber: 'fake',
    publisher: undefined,
    signal: abort.signal,
    waiting: abort.signal,
    logger,
    clock,
    transaction: undefined,
    publish: () => Promise.resolve(),
    mapOutputs: map => void maps.push(map),
    maps,
    abort: reason => abort.abort(reason),
  }
}
