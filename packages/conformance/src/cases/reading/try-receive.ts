import assert from 'node:assert/strict'
import type { Case } from '../../case.ts'
import { sameIds } from '../../kit/asserting.ts'
import { simple } from '../../kit/messages.ts'
import { next } from '../../kit/reading.ts'
import { until } from '../../kit/waiting.ts'
import { nothing } from '../../needs.ts'
import type { Delivery } from 'millrace'

export const triesToReceive: Case = {
  title: 'tryReceive gives what is here and undefined where nothing is',
  needs: nothing,
  async run(kit) {
    const topic = kit.topic()
    const sent = simple(3)

    const subscription = await kit.filled(topic, [], kit.group())
    assert.equal(subscription.tryReceive(), undefined)
    await kit.publish(topic, sent)
    const got: Delivery[] = [await next(kit, subscription)]
    const takeAll = (): boolean => {
      for (let one = subscription.tryReceive(); one; one = subscription.tryReceive()) got.push(one)
      return got.length >= 3
    }
    await until(takeAll, kit.patience, 'tryReceive() to give what was published')

    sameIds(got, sent)
    for (const delivery of got) delivery.ack()
    assert.equal(subscription.tryReceive(), undefined)
  },
}
