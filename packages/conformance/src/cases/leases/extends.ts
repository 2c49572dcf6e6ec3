import assert from 'node:assert/strict'
import type { Case } from '../../case.ts'
import { throwsCode } from '../../kit/asserting.ts'
import { simple } from '../../kit/messages.ts'
import { next, silent } from '../../kit/reading.ts'
import { within } from '../../kit/waiting.ts'
import { all, durable, leases } from '../../needs.ts'

export const leaseExtended: Case = {
  title: 'extend keeps a message beyond its longest lease, and is refused once it is settled',
  needs: all(leases, durable),
  async run(kit) {
    const topic = kit.topic()
    const options = { ...kit.group(), lease: kit.lease, maxLease: kit.lease }

    const holder = await kit.filled(topic, simple(1), options)
    const held = await next(kit, holder)
    const granted = await within(held.extend(3 * kit.lease), kit.patience, 'extend()')
    await silent(kit, holder, kit.lease + kit.lease / 2)

    assert.ok(granted >= 3 * kit.lease, `${granted} ms were granted`)
    assert.equal(held.ack(), true)
    await throwsCode('SETTLED', () => held.extend())
  },
}
