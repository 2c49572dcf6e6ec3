import assert from 'node:assert/strict'
import type { Case } from '../../case.ts'
import { aborts } from '../../kit/aborts.ts'
import { simple } from '../../kit/messages.ts'
import { next, read } from '../../kit/reading.ts'
import { until } from '../../kit/waiting.ts'
import { all, redelivers, restart } from '../../needs.ts'

export const comesBack: Case = {
  title: "a cut link is told ('down', 'lost', 'up'), what was in hand is lost, and the same subscription goes on",
  alone: true,
  needs: all(restart, redelivers),
  async run(kit) {
    const topic = kit.topic()
    const broker = await kit.broker()
    const [before, after] = [simple(1), simple(1)]
    const events: string[] = []

    const subscription = await kit.filled(topic, before, kit.group())
    for (const event of ['down', 'lost', 'up'] as const) subscription.on(event, told => events.push(told.event))
    const held = await next(kit, subscription)
    const lost = aborts(held.signal, kit.patience)
    await kit.restart()
    assert.equal(await lost, 'LOST')
    assert.equal(held.ack(), false, 'it will come again')
    await until(() => events.includes('up'), kit.patience, "the 'up' event")
    await kit.publish(topic, after)
    await read(kit, subscription, 2)

    assert.deepEqual([...new Set(events)].sort(), ['down', 'lost', 'up'])
    assert.equal(broker.health().state, 'up')
    assert.ok(broker.health().lastError, 'health remembers what happened')
  },
}
