import type { Delivery } from '../contract.ts'

/** Where a delivery that wraps another keeps it: a transaction's ack must find whose it is. */
export const wrappedDelivery: unique symbol = Symbol.for('millrace.wrapped')

/** The delivery that the broker itself handed over, however often it was wrapped since. */
export function innermost(delivery: Delivery & { readonly [wrappedDelivery]?: Delivery }): Delivery {
  const inner = delivery[wrappedDelivery]
  return inner === undefined ? delivery : innermost(inner)
}
