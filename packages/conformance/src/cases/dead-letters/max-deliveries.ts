import assert from 'node:assert/strict'
import type { Case } from '../../case.ts'
import { simple } from '../../kit/messages.ts'
import { next, silent } from '../../kit/reading.ts'
import { redelivers } from '../../needs.ts'
import { graveyard, QUICK } from './graveyard.ts'

export const maxDeliveriesReached: Case = {
  title: 'a message that fails maxDeliveries times goes to the dead-letter topic and comes no more',
  needs: redelivers,
  async run(kit) {
    const topic = kit.topic()
    const group = kit.group()
    const dead = await graveyard(kit, `${topic}.${group.group}.dead`)
    const [sent] = simple(1)

    const subscription = await kit.filled(topic, [sent!], { ...group, maxDeliveries: 3, backoff: QUICK })
    for (let i = 0; i < 3; i++) (await next(kit, subscription)).nack({ error: new Error(`failure ${i + 1}`) })
    const buried = await next(kit, dead)
    buried.ack()

    assert.equal(buried.message.id, sent!.id)
    await silent(kit, subscription)
  },
}
