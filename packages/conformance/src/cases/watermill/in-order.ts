import assert from 'node:assert/strict'
import { message, text } from 'millrace'
import type { Case } from '../../case.ts'
import { ids, sameIds } from '../../kit/asserting.ts'
import { crowd } from '../../kit/crowd.ts'
import { readMerged } from '../../kit/reading.ts'
import { ordered } from '../../needs.ts'

/** Watermill's TestPublishSubscribeInOrder: by key where order is by key, and with one consumer where a key has none of its own. */
export const inOrder: Case = {
  title: 'PublishSubscribeInOrder: the messages of each key arrive in the order of their publishing',
  needs: ordered,
  async run(kit) {
    const topic = kit.topic()
    const { group } = kit.group()
    const size = kit.capabilities.keyAffinity && group !== undefined ? 10 : 1
    const sent = Array.from({ length: kit.count(1000, 100) }, (_, i) => {
      const key = String(i % 16)
      return message(key, { key })
    })

    const consumers = await crowd(kit, { topic, group, size, fill: () => kit.publish(topic, sent) })
    const received = await readMerged(kit, consumers, sent.length)

    sameIds(received, sent)
    for (let i = 0; i < 16; i++) {
      const key = String(i)
      const got = received.filter(one => text(one.message) === key)
      assert.deepEqual(ids(got), ids(sent.filter(one => text(one) === key)), `the order of key ${key}`)
    }
  },
}
