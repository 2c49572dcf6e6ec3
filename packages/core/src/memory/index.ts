import { broker } from '../adapter/broker.ts'
import type { Broker } from '../contract.ts'
import { MemoryDriver } from './driver.ts'
import { memoryPlan } from './options.ts'
import type { MemoryOptions } from './options.ts'
import type { MemoryStatistics } from './statistics.ts'

export type { Bound, MemoryOptions } from './options.ts'
export type { Counts, GroupStatistics, MemoryStatistics, TopicStatistics } from './statistics.ts'

/** The contract, and what only a broker in this process can tell. */
export interface MemoryBroker extends Broker {
  /** A snapshot, per topic and group. */
  statistics(): MemoryStatistics
  topics(): string[]
  /** Forgets a topic with its messages and groups; false where there is none. @throws TOO_MANY_SUBSCRIBERS while it is subscribed to */
  dropTopic(topic: string): boolean
  /** Drops a topic's messages; returns how many. */
  clearTopic(topic: string): number
}

/** A broker in this process, ready at once. @throws BAD_OPTION */
export function memory(options: MemoryOptions = {}): MemoryBroker {
  const driver = new MemoryDriver(memoryPlan(options))
  return Object.assign(broker(driver, { ready: true }), {
    statistics: () => driver.statistics(),
    topics: () => driver.topicNames,
    dropTopic: (topic: string) => driver.drop(topic),
    clearTopic: (topic: string) => driver.clear(topic),
  })
}
