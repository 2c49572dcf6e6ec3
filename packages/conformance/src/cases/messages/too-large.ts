import assert from 'node:assert/strict'
import { message } from 'millrace'
import type { Case } from '../../case.ts'
import { throwsCode } from '../../kit/asserting.ts'
import { next } from '../../kit/reading.ts'

/** More than this is not made just to be refused. */
const AFFORDABLE = 256 * 1024 * 1024

export const tooLarge: Case = {
  title: 'a payload over maxBytes is TOO_LARGE and nothing of its batch is sent',
  needs: c => c.maxBytes < AFFORDABLE || `maxBytes is ${c.maxBytes}: too much to try`,
  async run(kit) {
    const topic = kit.topic()
    const broker = await kit.broker()
    const large = message(new Uint8Array(kit.capabilities.maxBytes + 1))
    const marker = message('marker')

    const subscription = await kit.filled(topic, [], kit.group())
    await throwsCode('TOO_LARGE', () => broker.publish(topic, [message('before'), large]))
    await kit.publish(topic, marker)
    const delivery = await next(kit, subscription)
    delivery.ack()

    assert.equal(delivery.message.id, marker.id)
  },
}
