import assert from 'node:assert/strict'
import { message, text } from 'millrace'
import type { Case } from '../../case.ts'
import { next } from '../../kit/reading.ts'
import { redelivers } from '../../needs.ts'
import { graveyard, QUICK } from './graveyard.ts'

export const provenanceKept: Case = {
  title: 'a dead letter is the same message and tells its topic, group, attempts and last failure',
  needs: redelivers,
  async run(kit) {
    const topic = kit.topic()
    const { group } = kit.group()
    const dead = await graveyard(kit, `${topic}.${group}.dead`)
    const sent = message('payload', { key: 'k-1', metadata: { color: 'grün' } })

    const options = { group: group!, maxDeliveries: 2, backoff: QUICK } // redelivers: there are groups
    const subscription = await kit.filled(topic, [sent], options)
    ;(await next(kit, subscription)).nack({ error: new TypeError('first') })
    ;(await next(kit, subscription)).nack({ error: new RangeError('last') })
    const buried = await next(kit, dead)
    buried.ack()

    const { metadata } = buried.message
    assert.equal(buried.message.id, sent.id)
    assert.equal(buried.message.key, 'k-1')
    assert.equal(text(buried.message), 'payload')
    assert.equal(metadata['color'], 'grün')
    assert.equal(metadata['millrace-dead-topic'], topic)
    assert.equal(metadata['millrace-dead-group'], group)
    assert.equal(metadata['millrace-dead-attempts'], '2')
    assert.match(metadata['millrace-dead-error'] ?? '', /RangeError.*last/)
    assert.match(metadata['millrace-dead-stack'] ?? '', /RangeError[^]*at /)
  },
}
