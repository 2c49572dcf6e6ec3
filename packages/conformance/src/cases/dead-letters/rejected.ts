import assert from 'node:assert/strict'
import type { Case } from '../../case.ts'
import { simple } from '../../kit/messages.ts'
import { next, silent } from '../../kit/reading.ts'
import { redelivers } from '../../needs.ts'
import { graveyard } from './graveyard.ts'

export const rejected: Case = {
  title: 'a rejected message goes to the dead-letter topic at its first attempt, with the reason',
  needs: redelivers,
  async run(kit) {
    const topic = kit.topic()
    const group = kit.group()
    const dead = await graveyard(kit, `${topic}.${group.group}.dead`)
    const [sent] = simple(1)

    const subscription = await kit.filled(topic, [sent!], group)
    assert.equal((await next(kit, subscription)).reject({ reason: 'no such customer' }), true)
    const buried = await next(kit, dead)
    buried.ack()

    assert.equal(buried.message.id, sent!.id)
    assert.equal(buried.message.metadata['millrace-dead-attempts'], '1')
    assert.match(buried.message.metadata['millrace-dead-error'] ?? '', /no such customer/)
    await silent(kit, subscription)
  },
}
