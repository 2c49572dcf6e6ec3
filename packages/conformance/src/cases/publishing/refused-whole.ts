import assert from 'node:assert/strict'
import type { Message } from 'millrace'
import { message } from 'millrace'
import type { Case } from '../../case.ts'
import { throwsCode } from '../../kit/asserting.ts'
import { next } from '../../kit/reading.ts'
import { nothing } from '../../needs.ts'

export const refusedWhole: Case = {
  title: 'a batch with one message that can be seen to be bad is refused whole, before anything is sent',
  needs: nothing,
  async run(kit) {
    const topic = kit.topic()
    const broker = await kit.broker()
    const good = message('good')
    const bad: Message = { ...message('bad'), metadata: { 'no spaces': 'x' } }
    const marker = message('marker')

    const subscription = await kit.filled(topic, [], kit.group())
    await throwsCode('INVALID_METADATA', () => broker.publish(topic, [good, bad, good]))
    await kit.publish(topic, marker)
    const first = await next(kit, subscription)
    first.ack()

    assert.equal(first.message.id, marker.id, 'the first message to arrive is the one published afterwards')
  },
}
