import assert from 'node:assert/strict'
import { message, text } from 'millrace'
import type { Case } from '../../case.ts'
import { next } from '../../kit/reading.ts'
import { all, foreign, redelivers } from '../../needs.ts'

export const foreignPlain: Case = {
  title: "another producer's message arrives, with an id that stays the same when it comes again",
  needs: all(foreign, redelivers),
  async run(kit) {
    const topic = kit.topic()
    const own = message('own')

    const subscription = await kit.filled(topic, [], { ...kit.group(), backoff: { base: 1, max: 1 } })
    await kit.foreign(topic, 'plain')
    const first = await next(kit, subscription)
    first.nack()
    const second = await next(kit, subscription)
    second.ack()
    await kit.publish(topic, own)
    const third = await next(kit, subscription)
    third.ack()

    assert.equal(text(first.message), 'foreign')
    assert.ok(first.message.id.length > 0)
    assert.equal(second.message.id, first.message.id)
    assert.equal(third.message.id, own.id)
  },
}
