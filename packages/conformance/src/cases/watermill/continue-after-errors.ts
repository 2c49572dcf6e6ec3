import type { Case } from '../../case.ts'
import { sameIds } from '../../kit/asserting.ts'
import { simple } from '../../kit/messages.ts'
import { next, read } from '../../kit/reading.ts'
import { within } from '../../kit/waiting.ts'
import { durable } from '../../needs.ts'

/** Watermill's TestContinueAfterErrors. The attempts are not bounded here: nacks must never consume. */
export const continueAfterErrors: Case = {
  title: 'ContinueAfterErrors: however often consumers nack, every message is there in the end',
  needs: durable,
  async run(kit) {
    const topic = kit.topic()
    const options = { ...kit.group(), maxDeliveries: 10_000, backoff: { base: 1, max: 1, jitter: 'none' } } as const
    const sent = simple(50)

    await kit.declare(topic, options.group)
    for (const one of sent) await kit.publish(topic, one)
    for (let bad = 0; bad < kit.count(3, 1); bad++) {
      const broker = await kit.another()
      const subscription = await kit.subscribe(broker, topic, options)
      for (let i = 0; i < kit.count(100, 5); i++) (await next(kit, subscription)).nack()
      await within(subscription.close(), kit.patience, 'close()')
      if (kit.capabilities.shared) await within(broker.close(), kit.patience, 'close()')
    }
    const subscription = await kit.subscribe(await kit.broker(), topic, options)
    const received = await read(kit, subscription, 50, 6 * kit.patience)

    sameIds(received, sent)
  },
}
