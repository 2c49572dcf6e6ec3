import assert from 'node:assert/strict'
import type { Case } from '../../case.ts'
import { ids } from '../../kit/asserting.ts'
import { simple } from '../../kit/messages.ts'
import { take } from '../../kit/reading.ts'
import { nothing } from '../../needs.ts'

export const sameMessageTwice: Case = {
  title: 'the same message published again arrives again: within one batch and in another',
  needs: nothing,
  async run(kit) {
    const topic = kit.topic()
    const [one] = simple(1)

    const subscription = await kit.filled(topic, [one!, one!], kit.group())
    await kit.publish(topic, one!)
    const deliveries = await take(kit, subscription, 3)
    for (const delivery of deliveries) delivery.ack()

    assert.deepEqual(ids(deliveries), [one!.id, one!.id, one!.id])
  },
}
