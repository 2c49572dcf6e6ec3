import assert from 'node:assert/strict'
import { message, text } from 'millrace'
import type { Case } from '../../case.ts'
import { next } from '../../kit/reading.ts'
import { durable } from '../../needs.ts'
import { graveyard, QUICK } from './graveyard.ts'

export const innocents: Case = {
  title: 'messages that were handed out beside a failing one use up no attempts',
  needs: durable,
  async run(kit) {
    const topic = kit.topic()
    const group = kit.group()
    const dead = await graveyard(kit, `${topic}.${group.group}.dead`)
    const options = { ...group, maxDeliveries: 3, prefetch: 10, backoff: QUICK }
    const innocent = Array.from({ length: 5 }, (_, i) => message(`innocent ${i}`))

    // Each round a consumer takes in all of them, reads one, and is gone: the rest were never handled.
    await kit.declare(topic, group.group)
    await kit.publish(topic, innocent)
    for (let round = 0; round < 4; round++) {
      const subscription = await kit.subscribe(await kit.broker(), topic, options)
      await next(kit, subscription)
      await subscription.close({ timeout: 0 })
    }
    const last = await kit.subscribe(await kit.broker(), topic, options)
    const left = new Set(innocent.map(one => one.id))
    while (left.size > 0) {
      const delivery = await next(kit, last)
      left.delete(delivery.message.id)
      delivery.ack()
    }

    assert.equal(left.size, 0)
    const buried = dead.tryReceive()
    assert.equal(buried, undefined, `'${buried && text(buried.message)}' was dead-lettered`)
  },
}
