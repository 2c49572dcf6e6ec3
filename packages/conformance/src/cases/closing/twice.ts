import assert from 'node:assert/strict'
import type { Case } from '../../case.ts'
import { simple } from '../../kit/messages.ts'
import { next } from '../../kit/reading.ts'
import { within } from '../../kit/waiting.ts'
import { nothing } from '../../needs.ts'

export const closesTwice: Case = {
  title: 'closing again, during and after, is safe: for a subscription, for a broker, and by await using',
  needs: nothing,
  async run(kit) {
    const broker = await kit.broker()
    const subscription = await kit.filled(kit.topic(), simple(1), kit.group())
    ;(await next(kit, subscription)).ack()

    const both = Promise.all([subscription.close(), subscription.close()])
    await within(both, kit.patience, 'two closes at once')
    await within(subscription.close(), kit.patience, 'a third close')
    await within(Promise.resolve(subscription[Symbol.asyncDispose]()), kit.patience, 'disposal')
    const all = Promise.all([broker.close(), broker.close()])
    await within(all, kit.patience, "the broker's two closes at once")
    await within(Promise.resolve(broker[Symbol.asyncDispose]()), kit.patience, "the broker's disposal")

    assert.equal(broker.health().state, 'closed')
  },
}
