import assert from 'node:assert/strict'
import type { Case } from '../../case.ts'
import { simple } from '../../kit/messages.ts'
import { next, take } from '../../kit/reading.ts'
import { all, redelivers, restart } from '../../needs.ts'

export const ackOnCutLink: Case = {
  title: 'an acknowledgement that nobody awaits on a link that is being cut harms nothing',
  alone: true,
  needs: all(restart, redelivers),
  async run(kit) {
    const topic = kit.topic()
    const [sent, after] = [simple(20), simple(1)]
    const unhandled: unknown[] = []
    const onUnhandled = (reason: unknown): void => void unhandled.push(reason)

    process.on('unhandledRejection', onUnhandled)
    try {
      const subscription = await kit.filled(topic, sent, kit.group())
      const deliveries = await take(kit, subscription, 20)
      const restarting = kit.restart()
      for (const delivery of deliveries) {
        delivery.ack()
        await new Promise(resolve => setImmediate(resolve))
      }
      await restarting
      await kit.publish(topic, after)
      // Some of the twenty may come again; what is new comes in any case.
      for (let seen = false; !seen;) {
        const delivery = await next(kit, subscription)
        delivery.ack()
        seen = delivery.message.id === after[0]?.id
      }
    } finally {
      process.off('unhandledRejection', onUnhandled)
    }

    assert.deepEqual(unhandled, [])
  },
}
