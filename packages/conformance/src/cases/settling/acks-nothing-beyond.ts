import assert from 'node:assert/strict'
import type { Case } from '../../case.ts'
import { ids } from '../../kit/asserting.ts'
import { simple } from '../../kit/messages.ts'
import { next, take } from '../../kit/reading.ts'
import { durable } from '../../needs.ts'

export const acksNothingBeyond: Case = {
  title: 'an acknowledgement settles its own message and none before or after it',
  needs: durable,
  async run(kit) {
    const topic = kit.topic()
    const group = kit.group()

    const subscription = await kit.filled(topic, simple(3), group)
    const [before, middle, after] = await take(kit, subscription, 3)
    middle!.ack()
    await subscription.close({ timeout: 0 })
    const again = await kit.subscribe(await kit.broker(), topic, group)
    const wanted = new Set(ids([before!, after!]))
    while (wanted.size > 0) {
      // A broker that acknowledges in order may bring the middle one again: at-least-once allows it.
      const delivery = await next(kit, again).catch(error => {
        throw new Error(`${wanted.size} un-settled messages did not come again`, { cause: error })
      })
      wanted.delete(delivery.message.id)
      delivery.ack()
    }

    assert.equal(wanted.size, 0)
  },
}
