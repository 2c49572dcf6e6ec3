import type { Case } from '../../case.ts'
import { sameIds } from '../../kit/asserting.ts'
import { simple } from '../../kit/messages.ts'
import { read } from '../../kit/reading.ts'
import { kept } from '../../needs.ts'

export const declared: Case = {
  title: 'what is published after declare is kept for the group until its first subscriber comes',
  needs: kept,
  async run(kit) {
    const topic = kit.topic()
    const { group } = kit.group()
    const broker = await kit.broker()
    const sent = simple(5)

    await broker.declare(topic, { group: group! }) // kept: there are groups
    await broker.declare(topic, { group: group! })
    await kit.publish(topic, sent)
    // Without declare a group that starts at the latest would have missed them.
    const subscription = await kit.subscribe(broker, topic, { group: group!, from: 'latest' })

    sameIds(await read(kit, subscription, 5), sent)
  },
}
