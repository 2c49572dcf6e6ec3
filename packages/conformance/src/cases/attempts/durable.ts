import assert from 'node:assert/strict'
import type { Case } from '../../case.ts'
import { simple } from '../../kit/messages.ts'
import { next } from '../../kit/reading.ts'
import { all, durable, durableAttempts } from '../../needs.ts'

export const attemptsDurable: Case = {
  title: 'attempts go on counting with the next consumer of the group',
  needs: all(durable, durableAttempts),
  async run(kit) {
    const topic = kit.topic()
    const options = { ...kit.group(), backoff: { base: 1, max: 1 } }

    const first = await kit.filled(topic, simple(1), options)
    ;(await next(kit, first)).nack()
    ;(await next(kit, first)).nack()
    await first.close()
    const second = await kit.subscribe(await kit.another(), topic, options)
    const delivery = await next(kit, second)
    delivery.ack()

    assert.equal(delivery.attempt, 3)
  },
}
