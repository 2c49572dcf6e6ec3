import type { Case } from '../../case.ts'
import { simple } from '../../kit/messages.ts'
import { next, silent } from '../../kit/reading.ts'
import { all, ordered, settles } from '../../needs.ts'

/** Watermill's TestNoAck. */
export const noAck: Case = {
  title: 'NoAck: at a prefetch of one the second message waits for the first to be settled',
  needs: all(ordered, settles),
  async run(kit) {
    const topic = kit.topic()
    const [first, second] = simple(2)

    const subscription = await kit.filled(topic, [first!], { ...kit.group(), prefetch: 1 })
    await kit.publish(topic, second!)
    const delivery = await next(kit, subscription)
    await silent(kit, subscription, 100)
    delivery.ack()

    const later = await next(kit, subscription, Math.min(kit.patience, 5000))
    later.ack()
    await silent(kit, subscription)
  },
}
