import assert from 'node:assert/strict'
import { message } from 'millrace'
import type { Case } from '../../case.ts'
import { ids } from '../../kit/asserting.ts'
import { read } from '../../kit/reading.ts'
import { ordered } from '../../needs.ts'

export const keyOrder: Case = {
  title: 'one consumer gets the messages of each key in order, and of a whole topic where the broker orders that',
  needs: ordered,
  async run(kit) {
    const topic = kit.topic()
    const sent = Array.from({ length: 80 }, (_, i) => message(String(i), { key: `k${i % 8}` }))

    const subscription = await kit.filled(topic, [], kit.group())
    for (const one of sent) await kit.publish(topic, one)
    const received = await read(kit, subscription, 80)

    for (let key = 0; key < 8; key++) {
      const of = `k${key}`
      assert.deepEqual(
        ids(received.filter(one => one.message.key === of)),
        ids(sent.filter(one => one.key === of)),
        `the order of ${of}`,
      )
    }
    if (kit.capabilities.ordered === 'topic') assert.deepEqual(ids(received), ids(sent), 'the order of the topic')
  },
}
