import type { Broker, Delivery } from '../contract.ts'
import { mappedSubscription } from '../decorator/mapped-subscription.ts'

/** The broker, handing out only those deliveries that `admit` lets pass. Whatever else becomes of the others it sees to. */
export function admitting(inner: Broker, admit: (delivery: Delivery) => boolean): Broker {
  return {
    name: inner.name,
    capabilities: inner.capabilities,
    open: options => inner.open(options),
    declare: (topic, options) => inner.declare(topic, options),
    publish: (topic, messages, options) => inner.publish(topic, messages, options),
    subscribe: async (topic, options) =>
      mappedSubscription(await inner.subscribe(topic, options), delivery => (admit(delivery) ? delivery : undefined)),
    ...(inner.transaction && { transaction: work => inner.transaction!(work) }),
    ...(inner.lag && { lag: (topic, group, options) => inner.lag!(topic, group, options) }),
    health: () => inner.health(),
    close: options => inner.close(options),
    [Symbol.asyncDispose]: () => inner[Symbol.asyncDispose](),
  }
}
