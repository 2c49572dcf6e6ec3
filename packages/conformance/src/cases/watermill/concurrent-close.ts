import type { Case } from '../../case.ts'
import { sameIds } from '../../kit/asserting.ts'
import { simple } from '../../kit/messages.ts'
import { read } from '../../kit/reading.ts'
import { within } from '../../kit/waiting.ts'
import { kept } from '../../needs.ts'

/** Watermill's TestConcurrentClose. */
export const concurrentClose: Case = {
  title: 'ConcurrentClose: consumers that subscribe and close at once neither hang nor harm their group',
  needs: kept,
  async run(kit) {
    const topic = kit.topic()
    const group = kit.group()
    const sent = simple(50)

    await kit.declare(topic, group.group)
    const comeAndGo = async (): Promise<void> => {
      const broker = await kit.another()
      const subscription = await kit.subscribe(broker, topic, group)
      await within(subscription.close(), kit.patience, 'close()')
      if (kit.capabilities.shared) await within(broker.close(), kit.patience, 'close()')
    }
    await Promise.all(Array.from({ length: 10 }, comeAndGo))
    for (const one of sent) await kit.publish(topic, one)
    const subscription = await kit.subscribe(await kit.another(), topic, group)
    const received = await read(kit, subscription, 50, 3 * kit.patience)

    sameIds(received, sent)
  },
}
