import assert from 'node:assert/strict'
import type { Case } from '../../case.ts'
import { sameIds } from '../../kit/asserting.ts'
import { simple } from '../../kit/messages.ts'
import { read } from '../../kit/reading.ts'
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
    await kit.restart()
    await until(() => events.includes('up'), kit.patience, "the 'up' event")
    await kit.publish(topic, after)
    const received = await read(kit, subscription, 3)

    sameIds(received, after)
    assert.equal(events.includes('gap'), kit.capabilities.broadcast === 'live')
  },
}
