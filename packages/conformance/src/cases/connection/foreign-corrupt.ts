import assert from 'node:assert/strict'
import { message } from 'millrace'
import type { Case } from '../../case.ts'
import { next } from '../../kit/reading.ts'
import { all, foreign, redelivers } from '../../needs.ts'
import { graveyard } from '../dead-letters/graveyard.ts'

export const foreignCorrupt: Case = {
  title: 'bytes that are no message go to the dead-letter topic and hold up nothing',
  needs: all(foreign, redelivers),
  async run(kit) {
    const topic = kit.topic()
    const group = kit.group()
    const dead = await graveyard(kit, `${topic}.${group.group}.dead`)
    const own = message('own')

    const subscription = await kit.filled(topic, [], group)
    await kit.foreign(topic, 'corrupt')
    await kit.publish(topic, own)
    const delivery = await next(kit, subscription)
    delivery.ack()
    const buried = await next(kit, dead)
    buried.ack()

    assert.equal(delivery.message.id, own.id, 'what follows it arrives')
    assert.equal(buried.message.metadata['millrace-dead-topic'], topic)
    assert.ok(buried.message.metadata['millrace-dead-error'], 'why it could not be read')
  },
}
