import assert from 'node:assert/strict'
import type { Case } from '../../case.ts'
import { simple } from '../../kit/messages.ts'
import { next } from '../../kit/reading.ts'
import { durable } from '../../needs.ts'

export const releasedToOthers: Case = {
  title: 'a released message can go to another consumer of the group',
  needs: durable,
  async run(kit) {
    const topic = kit.topic()
    const group = kit.group()
    const [sent] = simple(1)

    const first = await kit.filled(topic, [sent!], group)
    ;(await next(kit, first)).release()
    await first.close()
    const second = await kit.subscribe(await kit.another(), topic, group)
    const delivery = await next(kit, second)
    delivery.ack()

    assert.equal(delivery.message.id, sent!.id)
  },
}
