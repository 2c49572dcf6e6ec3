import type { Case } from '../../case.ts'
import { throwsCode } from '../../kit/asserting.ts'
import { simple } from '../../kit/messages.ts'
import { next } from '../../kit/reading.ts'
import { within } from '../../kit/waiting.ts'
import { nothing } from '../../needs.ts'

export const declareAndFlushAborted: Case = {
  title: 'a declare and a flush that were aborted beforehand are ABORTED',
  needs: nothing,
  async run(kit) {
    const broker = await kit.broker()
    const subscription = await kit.filled(kit.topic(), simple(1), kit.group())

    await throwsCode('ABORTED', () => broker.declare(kit.topic(), { signal: AbortSignal.abort() }))
    const delivery = await next(kit, subscription)
    delivery.ack()
    await throwsCode('ABORTED', () => subscription.flush({ signal: AbortSignal.abort() }))

    await within(subscription.flush(), kit.patience, 'flush()')
  },
}
