import type { Delivery, Subscription } from '../contract.ts'

/** What a delivery is handed over as; undefined: not at all, and whoever says so has seen to it. Runs as it is handed over. */
export type MapDelivery = (delivery: Delivery) => Delivery | undefined

/**
 * The subscription with every delivery passing through `map`, whatever way it is received. `known` gives the deliveries
 * that an event tells of as they were handed over.
 */
export function mappedSubscription(
  inner: Subscription,
  map: MapDelivery,
  known: (delivery: Delivery) => Delivery = delivery => delivery,
): Subscription {
  return {
    async receive(options) {
      for (;;) {
        const delivery = map(await inner.receive(options))
        if (delivery) return delivery
      }
    },
    tryReceive() {
      for (let next = inner.tryReceive(); next; next = inner.tryReceive()) {
        const delivery = map(next)
        if (delivery) return delivery
      }
      return undefined
    },
    each(handler, options) {
      return inner.each(next => {
        const delivery = map(next)
        return delivery && handler(delivery)
      }, options)
    },
    async *[Symbol.asyncIterator]() {
      for await (const next of inner) {
        const delivery = map(next)
        if (delivery) yield delivery
      }
    },
    batches: options => mappedBatches(inner.batches(options), map),
    flush: options => inner.flush(options),
    position: () => inner.position(),
    on: (event, listener) =>
      inner.on(event, told => {
        const { deliveries } = told
        listener(deliveries === undefined ? told : { ...told, deliveries: deliveries.map(known) })
      }),
    closed: inner.closed,
    close: options => inner.close(options),
    [Symbol.asyncDispose]: () => inner[Symbol.asyncDispose](),
  }
}

async function* mappedBatches(batches: AsyncIterable<Delivery[]>, map: MapDelivery): AsyncIterable<Delivery[]> {
  for await (const batch of batches) {
    const deliveries = batch.map(map).filter(delivery => delivery !== undefined)
    if (deliveries.length > 0) yield deliveries
  }
}
