import assert from 'node:assert/strict'
import type { Delivery } from 'millrace'
import type { Case } from '../../case.ts'
import { simple } from '../../kit/messages.ts'
import { take } from '../../kit/reading.ts'
import { all, groups, settles } from '../../needs.ts'

export const sameAgain: Case = {
  title: 'the same settlement twice is nothing',
  needs: all(settles, groups),
  async run(kit) {
    const ways: ((delivery: Delivery) => boolean)[] = [
      delivery => delivery.ack(),
      delivery => delivery.nack({ error: 'once' }),
      delivery => delivery.reject({ reason: 'once' }),
      delivery => delivery.release(),
    ]

    const subscription = await kit.filled(kit.topic(), simple(ways.length), kit.group())
    const deliveries = await take(kit, subscription, ways.length)
    for (const [i, settle] of ways.entries()) {
      assert.equal(settle(deliveries[i]!), true)
      assert.equal(settle(deliveries[i]!), true, 'and again')
    }
  },
}
