import assert from 'node:assert/strict'
import type { Case } from '../../case.ts'
import { simple } from '../../kit/messages.ts'
import { silent, take } from '../../kit/reading.ts'
import { pass, within } from '../../kit/waiting.ts'
import { durable } from '../../needs.ts'

export const drains: Case = {
  title: 'close waits for work in hand, which settles as ever, and hands over nothing more',
  needs: durable,
  async run(kit) {
    const topic = kit.topic()
    const group = kit.group()

    const subscription = await kit.filled(topic, simple(4), { ...group, prefetch: 2 })
    const [first, second] = await take(kit, subscription, 2)
    let closed = false
    const closing = subscription.close({ timeout: 4 * kit.patience }).then(result => {
      closed = true
      return result
    })
    assert.equal(first!.ack(), true)
    await pass(kit.quiet)
    assert.equal(closed, false, 'it waits for the second')
    assert.equal(subscription.tryReceive(), undefined, 'nothing more is handed over')
    assert.equal(second!.signal.aborted, false, 'work in hand is not disturbed')
    assert.equal(second!.ack(), true)
    const { released } = await within(closing, kit.patience, 'close() after the last settlement')
    const again = await kit.subscribe(await kit.broker(), topic, group)
    const rest = await take(kit, again, 2)

    assert.equal(released, 0)
    const settled = [first!.message.id, second!.message.id]
    assert.ok(
      rest.every(one => !settled.includes(one.message.id)),
      'what was settled while it drained does not come again',
    )
    for (const delivery of rest) delivery.ack()
    await silent(kit, again)
  },
}
