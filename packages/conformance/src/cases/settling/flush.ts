import assert from 'node:assert/strict'
import type { Case } from '../../case.ts'
import { simple } from '../../kit/messages.ts'
import { silent, take } from '../../kit/reading.ts'
import { within } from '../../kit/waiting.ts'
import { all, durable } from '../../needs.ts'

export const flushed: Case = {
  title: 'after flush every settlement has reached the broker',
  needs: all(
    durable,
    c => c.settles === 'confirmed' || "settlements are not confirmed (capabilities.settles is 'sent')",
  ),
  async run(kit) {
    const topic = kit.topic()
    const group = kit.group()

    const subscription = await kit.filled(topic, simple(10), group)
    for (const delivery of await take(kit, subscription, 10)) delivery.ack()
    await within(subscription.flush(), kit.patience, 'flush()')
    const lag = await (await kit.broker()).lag?.(topic, group.group!) // durable: there are groups
    // Closed with no time to settle: what flush left behind would come again.
    await subscription.close({ timeout: 0 })
    const again = await kit.subscribe(await kit.another(), topic, group)

    if (lag) assert.equal(lag.messages, 0)
    await silent(kit, again)
  },
}
