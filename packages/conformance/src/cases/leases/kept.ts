import assert from 'node:assert/strict'
import type { Case } from '../../case.ts'
import { simple } from '../../kit/messages.ts'
import { silent, take } from '../../kit/reading.ts'
import { all, durable, leases } from '../../needs.ts'

const LEASE = 1000

export const leaseKept: Case = {
  title: 'what is in hand keeps its lease without anything being done',
  needs: all(leases, durable),
  async run(kit) {
    const topic = kit.topic()
    const options = { ...kit.group(), lease: LEASE, maxLease: 10 * LEASE }

    const holder = await kit.filled(topic, simple(3), options)
    const held = await take(kit, holder, 3)
    const other = await kit.subscribe(await kit.another(), topic, options)
    await silent(kit, other, LEASE + LEASE / 2)

    assert.ok(
      held.every(delivery => delivery.ack()),
      'none was lost',
    )
  },
}
