import type { Case } from '../../case.ts'
import { simple } from '../../kit/messages.ts'
import { next, silent } from '../../kit/reading.ts'
import { sameIds } from '../../kit/asserting.ts'
import { nothing } from '../../needs.ts'

export const emptyBatch: Case = {
  title: 'publishing no messages at all resolves and publishes nothing',
  needs: nothing,
  async run(kit) {
    const topic = kit.topic()
    const sent = simple(1)

    const subscription = await kit.filled(topic, [], kit.group())
    await kit.publish(topic, [])
    await kit.publish(topic, sent)
    const delivery = await next(kit, subscription)
    delivery.ack()

    sameIds([delivery], sent)
    await silent(kit, subscription, 1)
  },
}
