import assert from 'node:assert/strict'
import type { Case } from '../../case.ts'
import { simple } from '../../kit/messages.ts'
import { silent, take } from '../../kit/reading.ts'
import { all, durable, leases } from '../../needs.ts'

export const leaseKept: Case = {
  title: 'what is in hand keeps its lease without anything being done',
  needs: all(leases, durable),
  async run(kit) {
    const topic = kit.topic()
    const options = { ...kit.group(), lease: kit.lease, maxLease: 10 * kit.lease }

    const holder = await kit.filled(topic, simple(3), options)
    const held = await take(kit, holder, 3)
    const other = await kit.subscribe(await kit.another(), topic, options)
    await silent(kit, other, 3 * kit.lease)

    assert.ok(
      held.every(delivery => delivery.ack()),
      'none was lost',
    )
  },
}
