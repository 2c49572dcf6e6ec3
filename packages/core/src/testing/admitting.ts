import type { BatchOptions, Broker, Delivery, Subscription } from '../contract.ts'

/** The broker, handing out only those deliveries that `admit` lets pass. Whatever else becomes of the others it sees to. */
export function admitting(inner: Broker, admit: (delivery: Delivery) => boolean): Broker {
  return {
    name: inner.name,
    capabilities: inner.capabilities,
    open: options => inner.open(options),
    declare: (topic, options) => inner.declare(topic, options),
    publish: (topic, messages, options) => inner.publish(topic, messages, options),
    subscribe: async (topic, options) => admittingSubscription(await inner.subscribe(topic, options), admit),
    ...(inner.transaction && { transaction: work => inner.transaction!(work) }),
    ...(inner.lag && { lag: (topic, group, options) => inner.lag!(topic, group, options) }),
    health: () => inner.health(),
    close: options => inner.close(options),
    [Symbol.asyncDispose]: () => inner[Symbol.asyncDispose](),
  }
}

function admittingSubscription(inner: Subscription, admit: (delivery: Delivery) => boolean): Subscription {
  return {
    async receive(options) {
      for (;;) {
        const delivery = await inner.receive(options)
        if (admit(delivery)) return delivery
      }
    },
    tryReceive() {
      for (let next = inner.tryReceive(); next; next = inner.tryReceive()) if (admit(next)) return next
      return undefined
    },
    each: (handler, options) => inner.each(delivery => (admit(delivery) ? handler(delivery) : undefined), options),
    async *[Symbol.asyncIterator]() {
      for await (const delivery of inner) if (admit(delivery)) yield delivery
    },
    batches: (options: BatchOptions) => admittedBatches(inner.batches(options), admit),
    flush: options => inner.flush(options),
    position: () => inner.position(),
    on: (event, listener) => inner.on(event, listener),
    closed: inner.closed,
    close: options => inner.close(options),
    [Symbol.asyncDispose]: () => inner[Symbol.asyncDispose](),
  }
}

async function* admittedBatches(
  batches: AsyncIterable<Delivery[]>,
  admit: (delivery: Delivery) => boolean,
): AsyncIterable<Delivery[]> {
  for await (const batch of batches) {
    const admitted = batch.filter(admit)
    if (admitted.length > 0) yield admitted
  }
}
