import { known } from '../bounds.ts'
import { isThenable } from '../thenable.ts'
import type { Message, Name, PublishOptions } from '../contract.ts'
import { captureLogger } from '../logger.ts'
import type { CaptureLogger } from '../logger.ts'
import { MemoryDriver } from '../memory/driver.ts'
import type { MemoryBroker } from '../memory/index.ts'
import { memoryPlan } from '../memory/options.ts'
import type { MemoryOptions } from '../memory/options.ts'
import { message } from '../message.ts'
import { encoded } from '../router/output.ts'
import { Router } from '../router/router.ts'
import { nameOf } from '../router/topic.ts'
import type { WriteTopic } from '../router/topic.ts'
import { faulty } from './faulty.ts'
import type { Faults } from './faults.ts'
import { Journal } from './journal.ts'
import { recorded } from './recorded.ts'
import type { Report, TopicReport } from './report.ts'
import { checkSettleOptions, settle } from './settle.ts'
import type { SettleOptions, Unsettled } from './settle.ts'
import { virtualClock } from './virtual-clock.ts'
import type { VirtualClock } from './virtual-clock.ts'

/** What the harness stands on; everything has a default. */
export interface HarnessOptions {
  /** Where the clock stands at first, in ms since the epoch. Default 2026-01-01T00:00:00Z. */
  readonly start?: number
  /** The memory broker's options. */
  readonly memory?: Omit<MemoryOptions, 'clock'>
}

const OPTIONS = { start: true, memory: true } satisfies Record<keyof HarnessOptions, true>

/** A router on a memory broker, on a clock that only the test moves; it writes down everything that happens. */
export interface Harness extends AsyncDisposable {
  readonly clock: VirtualClock
  readonly broker: MemoryBroker
  readonly router: Router
  /** What goes wrong between the two. */
  readonly faults: Faults
  /** The router's. */
  readonly logger: CaptureLogger
  /** Runs the router and waits until every handler is subscribed. `publish` and `settled` do so by themselves. */
  run(): Promise<void>
  /** Publishes messages, or texts. */
  publish(
    topic: Name,
    messages: string | Message | readonly (string | Message)[],
    options?: PublishOptions,
  ): Promise<void>
  /** Publishes values of a typed topic. */
  publish<T>(
    topic: WriteTopic<T>,
    values: T | Message | readonly (T | Message)[],
    options?: PublishOptions,
  ): Promise<void>
  /**
   * Waits until nothing is left to do: published and delayed, in hand, backing off, waiting for a connection. Moves the
   * clock on wherever that is what is being waited for. @throws TIMEOUT, saying what is left
   */
  settled(options?: SettleOptions): Promise<Report>
  /** What happened on a topic so far. */
  topic(name: Name | { readonly name: string }): TopicReport
  /** What happened so far. */
  report(): Report
  /** Closes router and broker; nothing is waited for. */
  close(): Promise<void>
}

/** @throws BAD_OPTION */
export function harness(options: HarnessOptions = {}): Harness {
  known('harness', options, OPTIONS)
  const clock = virtualClock(options.start)
  const journal = new Journal()
  const driver = new MemoryDriver(memoryPlan({ ...options.memory, clock }))
  const { broker: own, faults, unrest } = faulty(recorded(driver, journal, clock), { ready: true })
  const broker: MemoryBroker = Object.assign(own, {
    statistics: () => driver.statistics(),
    topics: () => driver.topicNames,
    dropTopic: (topic: string) => driver.drop(topic),
    clearTopic: (topic: string) => driver.clear(topic),
  })
  const logger = captureLogger()
  const router = new Router({ logger, clock })

  const run = async (): Promise<void> => {
    if (router.state !== 'idle') return
    router.run().catch(() => undefined) // told by `running`
    await router.running
  }
  const ready = async (): Promise<void> => {
    if (Object.keys(router.stats).length > 0) await run()
  }
  const unsettled = (): Unsettled => ({ ...unrest(), ...pending(driver) })

  const publish = async (topic: Name | WriteTopic<unknown>, values: unknown, how?: PublishOptions): Promise<void> => {
    await ready()
    const messages: Message[] = []
    for (const value of Array.isArray(values) ? (values as readonly unknown[]) : [values]) {
      const made = encoded(topic, typeof topic === 'string' && typeof value === 'string' ? message(value) : value)
      messages.push(isThenable(made) ? await made : made)
    }
    await broker.publish(nameOf(topic), messages, how)
  }

  const close = async (): Promise<void> => {
    await router.close({ timeout: 0 })
    await broker.close({ timeout: 0 })
  }

  return {
    clock,
    broker,
    router,
    faults,
    logger,
    run,
    publish: publish as Harness['publish'],
    async settled(how = {}) {
      checkSettleOptions(how)
      await ready()
      await settle({ clock, journal, unsettled, ...how })
      return journal.report()
    },
    topic: name => journal.report()[nameOf(name)] ?? { published: [], deliveries: [], deadLetters: [] },
    report: () => journal.report(),
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** By place, what the consumers that are there have not settled, or will be given. */
function pending(driver: MemoryDriver): { readonly pending: Readonly<Record<string, number>> } {
  const left: Record<string, number> = {}
  for (const [topic, { groups, ephemeral, delayed, blocked }] of Object.entries(driver.statistics().topics)) {
    const places = [...Object.entries(groups), ...ephemeral.map(one => ['(no group)', one] as const)]
    const consumed = places.filter(([, { consumers }]) => consumers > 0)
    for (const [group, { pending }] of consumed) if (pending > 0) left[`${topic}, ${group}`] = pending
    if (consumed.length > 0 && delayed > 0) left[`${topic}, delayed`] = delayed
    if (blocked > 0) left[`${topic}, publishers that wait`] = blocked
  }
  return { pending: left }
}
