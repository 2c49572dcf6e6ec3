import assert from 'node:assert/strict'
import type { Case } from '../../case.ts'
import { simple } from '../../kit/messages.ts'
import { next, silent } from '../../kit/reading.ts'
import { settles } from '../../needs.ts'

export const released: Case = {
  title: 'a released message comes again soon and is no failure, however often',
  needs: settles,
  async run(kit) {
    const [sent] = simple(1)

    // At maxDeliveries 2 four failures would be two too many.
    const subscription = await kit.filled(kit.topic(), [sent!], { ...kit.group(), maxDeliveries: 2 })
    for (let i = 0; i < 4; i++) {
      const delivery = await next(kit, subscription)
      assert.equal(delivery.message.id, sent!.id)
      if (kit.capabilities.attempts !== 'none') assert.equal(delivery.attempt, 1, 'a release is no attempt')
      assert.equal(delivery.release(), true)
    }
    const last = await next(kit, subscription)
    last.ack()

    assert.equal(last.message.id, sent!.id)
    await silent(kit, subscription)
  },
}
