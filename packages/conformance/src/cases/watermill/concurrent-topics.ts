import assert from 'node:assert/strict'
import type { Case } from '../../case.ts'
import { sameIds } from '../../kit/asserting.ts'
import { simple } from '../../kit/messages.ts'
import { read } from '../../kit/reading.ts'
import { nothing } from '../../needs.ts'

/** Watermill's TestConcurrentSubscribeMultipleTopics. */
export const concurrentTopics: Case = {
  title: 'ConcurrentSubscribeMultipleTopics: topics used at the same time each get their whole set',
  needs: nothing,
  async run(kit) {
    const topic = kit.topic()
    const group = kit.group()
    const sent = simple(kit.count(100, 50))

    const results = await Promise.all(
      Array.from({ length: kit.count(20, 10) }, async (_, i) => {
        const copies = sent.map(one => ({ ...one }))
        const subscription = await kit.filled(`${topic}-${i}`, copies, group)
        return read(kit, subscription, sent.length, 5 * kit.patience)
      }),
    )

    assert.equal(results.length, kit.count(20, 10))
    for (const received of results) sameIds(received, sent)
  },
}
