import type { Case } from '../../case.ts'
import { sameIds } from '../../kit/asserting.ts'
import { simple } from '../../kit/messages.ts'
import { read } from '../../kit/reading.ts'
import { kept } from '../../needs.ts'

/** Watermill's TestConsumerGroups. */
export const consumerGroups: Case = {
  title: 'ConsumerGroups: each group that subscribed once gets everything that is published later',
  needs: kept,
  async run(kit) {
    const topic = kit.topic()
    const both = [kit.group(), kit.group()]
    const sent = simple(50)

    for (const group of both) {
      const broker = await kit.another()
      const subscription = await kit.subscribe(broker, topic, group)
      await subscription.close()
      if (kit.capabilities.shared) await broker.close()
    }
    for (const one of sent) await kit.publish(topic, one)

    for (const group of both) {
      const subscription = await kit.subscribe(await kit.another(), topic, group)
      sameIds(await read(kit, subscription, 50), sent)
    }
  },
}
