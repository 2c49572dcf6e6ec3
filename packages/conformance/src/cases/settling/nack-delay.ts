import assert from 'node:assert/strict'
import type { Case } from '../../case.ts'
import { simple } from '../../kit/messages.ts'
import { next } from '../../kit/reading.ts'
import { nackDelay } from '../../needs.ts'

const DELAY = 200
/** A timer may fire a millisecond early by another clock. */
const CLOCK = 5

export const nackDelayed: Case = {
  title: 'a message nacked with a delay comes after it and not before, while others pass',
  needs: nackDelay,
  async run(kit) {
    const topic = kit.topic()
    const [slow, other] = simple(2)

    const subscription = await kit.filled(topic, [slow!], kit.group())
    const first = await next(kit, subscription)
    const start = performance.now()
    first.nack({ delay: DELAY })
    await kit.publish(topic, other!)
    const passing = await next(kit, subscription)
    passing.ack()
    const again = await next(kit, subscription)
    const waited = performance.now() - start
    again.ack()

    assert.equal(passing.message.id, other!.id, 'the other message passes the one that waits')
    assert.equal(again.message.id, slow!.id)
    assert.ok(waited >= DELAY - CLOCK, `it came after ${Math.round(waited)} ms instead of ${DELAY}`)
  },
}
