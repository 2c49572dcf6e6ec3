import type { Middleware } from '../handler.ts'
import { perDelivery } from '../policy/per-delivery.ts'

/** Acks before the work: each message is handled at most once, and what fails is gone. */
export function instantAck(): Middleware {
  return perDelivery(next => (value, context) => {
    context.delivery.ack()
    return next(value, context)
  })
}
