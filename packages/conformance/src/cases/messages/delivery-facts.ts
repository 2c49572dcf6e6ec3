import assert from 'node:assert/strict'
import { message } from 'millrace'
import type { Case } from '../../case.ts'
import { next } from '../../kit/reading.ts'
import { nothing } from '../../needs.ts'

/** The broker's clock may be this far from ours, in ms. */
const CLOCKS = 60_000

export const deliveryFacts: Case = {
  title: 'a first delivery has its topic, attempt 1, an origin, and a time near its publishing where it has one',
  needs: nothing,
  async run(kit) {
    const topic = kit.topic()

    const before = Date.now()
    const subscription = await kit.filled(topic, [message('x')], kit.group())
    const delivery = await next(kit, subscription)
    delivery.ack()

    assert.equal(delivery.topic, topic)
    assert.equal(delivery.attempt, 1)
    assert.ok(!delivery.redelivered, 'it was not delivered before')
    assert.equal(typeof delivery.origin, 'object')
    const { time } = delivery
    if (time !== undefined)
      assert.ok(
        time >= before - CLOCKS && time <= Date.now() + CLOCKS,
        `it was published at ${time}, not about ${before}`,
      )
  },
}
