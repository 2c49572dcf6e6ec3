import assert from 'node:assert/strict'
import type { Case } from '../../case.ts'
import { simple } from '../../kit/messages.ts'
import { take } from '../../kit/reading.ts'
import { nothing } from '../../needs.ts'

export const healthTold: Case = {
  title: 'health tells the state of the connection and how many deliveries are in flight',
  needs: nothing,
  async run(kit) {
    const broker = await kit.broker()
    await broker.open()
    assert.equal(broker.health().state, 'up')
    assert.equal(broker.health().inFlight, 0)

    const subscription = await kit.filled(kit.topic(), simple(3), kit.group())
    const deliveries = await take(kit, subscription, 3)
    assert.equal(broker.health().inFlight, 3)
    for (const delivery of deliveries) delivery.ack()
    await subscription.flush()
    assert.equal(broker.health().inFlight, 0)

    await broker.close()
    assert.equal(broker.health().state, 'closed')
  },
}
