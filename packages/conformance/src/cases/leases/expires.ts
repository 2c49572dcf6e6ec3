import assert from 'node:assert/strict'
import type { Case } from '../../case.ts'
import { aborts } from '../../kit/aborts.ts'
import { simple } from '../../kit/messages.ts'
import { next } from '../../kit/reading.ts'
import { all, durable, leases } from '../../needs.ts'

export const leaseExpires: Case = {
  title: 'a message that is held beyond its longest lease is lost to its holder and comes again',
  needs: all(leases, durable),
  async run(kit) {
    const topic = kit.topic()
    const options = { ...kit.group(), lease: kit.lease, maxLease: kit.lease }
    const [sent] = simple(1)

    const holder = await kit.filled(topic, [sent!], options)
    const held = await next(kit, holder)
    const lost = aborts(held.signal, kit.patience)
    let told = 0
    holder.on('lost', event => (told += event.count ?? 1))
    const other = await kit.subscribe(await kit.another(), topic, options)
    const again = await Promise.any([next(kit, other), next(kit, holder)])
    again.ack()

    assert.equal(again.message.id, sent!.id)
    assert.equal(await lost, 'LOST')
    assert.equal(held.ack(), false, 'an acknowledgement that comes too late says so')
    assert.equal(told, 1, "the 'lost' event counted it")
  },
}
