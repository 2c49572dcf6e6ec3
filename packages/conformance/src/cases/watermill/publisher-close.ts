import type { Case } from '../../case.ts'
import { sameIds } from '../../kit/asserting.ts'
import { publishParallel, simple } from '../../kit/messages.ts'
import { read } from '../../kit/reading.ts'
import { kept } from '../../needs.ts'

/** Watermill's TestPublisherClose. The publishing instance is closed before anybody reads, where there can be two. */
export const publisherClose: Case = {
  title: 'PublisherClose: what was published by many at once is all there after its publisher closed',
  needs: kept,
  async run(kit) {
    const topic = kit.topic()
    const group = kit.group()
    const sent = simple(kit.count(10_000, 100))

    await kit.declare(topic, group.group)
    await publishParallel(kit, topic, sent, 20)
    const reader = await kit.another()
    if (kit.capabilities.shared) await (await kit.broker()).close()
    const subscription = await kit.subscribe(reader, topic, group)
    const received = await read(kit, subscription, sent.length, 3 * kit.patience)

    sameIds(received, sent)
  },
}
