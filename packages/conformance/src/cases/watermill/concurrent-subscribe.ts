import type { Case } from '../../case.ts'
import { sameIds } from '../../kit/asserting.ts'
import { publishParallel, simple } from '../../kit/messages.ts'
import { crowd } from '../../kit/crowd.ts'
import { readMerged } from '../../kit/reading.ts'
import { groups } from '../../needs.ts'

/** Watermill's TestConcurrentSubscribe: competing consumers of one group. */
export const concurrentSubscribe: Case = {
  title: 'ConcurrentSubscribe: many publishers and many consumers of a group lose nothing',
  needs: groups,
  async run(kit) {
    const topic = kit.topic()
    const { group } = kit.group()
    const sent = simple(kit.count(5000, 100))
    const size = kit.count(50, 10)

    const consumers = await crowd(kit, { topic, group, size, fill: () => publishParallel(kit, topic, sent, 50) })
    const received = await readMerged(kit, consumers, sent.length, 3 * kit.patience)

    sameIds(received, sent)
  },
}
