import assert from 'node:assert/strict'
import type { Case } from '../../case.ts'
import { simple } from '../../kit/messages.ts'
import { next, read } from '../../kit/reading.ts'
import { until } from '../../kit/waiting.ts'
import { all, broadcast, restart } from '../../needs.ts'

export const gapTold: Case = {
  title: "without a group an outage is a 'gap' where broadcast is live, and none where it replays",
  alone: true,
  needs: all(restart, broadcast),
  async run(kit) {
    const topic = kit.topic()
    const events: string[] = []
    const [before, after] = [simple(3), simple(3)]

    const subscription = await kit.filled(topic, before)
    for (const event of ['gap', 'up'] as const) subscription.on(event, told => events.push(told.event))
    await read(kit, subscription, 3)
    await subscription.flush()
    await kit.restart()
    await until(() => events.includes('up'), kit.patience, "the 'up' event")
    await kit.publish(topic, after)
    const missing = new Set(after.map(one => one.id))
    while (missing.size > 0) {
      // What was acknowledged while the link went down may come again.
      const delivery = await next(kit, subscription)
      delivery.ack()
      missing.delete(delivery.message.id)
    }

    assert.equal(events.includes('gap'), kit.capabilities.broadcast === 'live')
  },
}
