import assert from 'node:assert/strict'
import type { Delivery } from 'millrace'
import type { Case } from '../../case.ts'
import { sameIds } from '../../kit/asserting.ts'
import { simple } from '../../kit/messages.ts'
import { read, take } from '../../kit/reading.ts'
import { durable } from '../../needs.ts'

export const settledTooLate: Case = {
  title: 'after its subscription closed a delivery settles nothing: every settlement returns false',
  needs: durable,
  async run(kit) {
    const topic = kit.topic()
    const group = kit.group()
    const ways: ((delivery: Delivery) => boolean)[] = [
      delivery => delivery.ack(),
      delivery => delivery.nack(),
      delivery => delivery.reject(),
      delivery => delivery.release(),
    ]
    const sent = simple(ways.length)

    const subscription = await kit.filled(topic, sent, group)
    const deliveries = await take(kit, subscription, ways.length)
    await subscription.close({ timeout: 0 })
    for (const [i, settle] of ways.entries()) assert.equal(settle(deliveries[i]!), false)
    const again = await kit.subscribe(await kit.broker(), topic, group)

    sameIds(await read(kit, again, ways.length), sent)
  },
}
