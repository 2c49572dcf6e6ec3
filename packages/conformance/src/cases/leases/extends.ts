import assert from 'node:assert/strict'
import type { Case } from '../../case.ts'
import { throwsCode } from '../../kit/asserting.ts'
import { simple } from '../../kit/messages.ts'
import { next, silent } from '../../kit/reading.ts'
import { within } from '../../kit/waiting.ts'
import { all, durable, leases } from '../../needs.ts'

const LEASE = 1000

export const leaseExtended: Case = {
  title: 'extend keeps a message beyond its longest lease, and is refused once it is settled',
  needs: all(leases, durable),
  async run(kit) {
    const topic = kit.topic()
    const options = { ...kit.group(), lease: LEASE, maxLease: LEASE }

    const holder = await kit.filled(topic, simple(1), options)
    const held = await next(kit, holder)
    const granted = await within(held.extend(3 * LEASE), kit.patience, 'extend()')
    await silent(kit, holder, LEASE + LEASE / 2)

    assert.ok(granted >= 3 * LEASE, `${granted} ms were granted`)
    assert.equal(held.ack(), true)
    await throwsCode('SETTLED', () => held.extend())
  },
}
