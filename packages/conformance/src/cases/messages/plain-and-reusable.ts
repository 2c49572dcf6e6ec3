import assert from 'node:assert/strict'
import { message, text } from 'millrace'
import type { Case } from '../../case.ts'
import { next } from '../../kit/reading.ts'
import { nothing } from '../../needs.ts'

export const receivedIsPublishable: Case = {
  title: 'a received message has only its own properties and can be spread, changed and published on',
  needs: nothing,
  async run(kit) {
    const [from, to] = [kit.topic(), kit.topic()]
    const sent = message('on', { key: 'k', metadata: { hops: '1' } })

    const source = await kit.filled(from, [sent], kit.group())
    const target = await kit.filled(to, [], kit.group())
    const delivery = await next(kit, source)
    const copy = { ...delivery.message, metadata: { ...delivery.message.metadata, hops: '2' } }
    await kit.publish(to, copy)
    delivery.ack()
    const moved = await next(kit, target)
    moved.ack()

    assert.deepEqual([moved.message.id, moved.message.key, text(moved.message)], [sent.id, 'k', 'on'])
    assert.deepEqual({ ...moved.message.metadata }, { hops: '2' })
    assert.deepEqual({ ...delivery.message.metadata }, { hops: '1' }, 'the received one did not change')
  },
}
