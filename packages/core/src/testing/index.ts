export { settled, virtualClock } from './virtual-clock.ts'
export type { VirtualClock } from './virtual-clock.ts'
export { harness } from './harness.ts'
export type { Harness, HarnessOptions } from './harness.ts'
export type { SettleOptions } from './settle.ts'
export type {
  DeadLetterRecord,
  DeliveryOutcome,
  DeliveryRecord,
  PublishedRecord,
  Report,
  TopicReport,
} from './report.ts'
export { faulty } from './faulty.ts'
export type { FaultyBroker } from './faulty.ts'
export type { Faults, FaultScope, NackFault, PublishFault } from './faults.ts'
export { fakeDelivery } from './fake-delivery.ts'
export type { FakeDelivery, FakeDeliveryOptions, FakeSettlement } from './fake-delivery.ts'
export { fakeContext } from './fake-context.ts'
export type { FakeContext, FakeContextOptions } from './fake-context.ts'
