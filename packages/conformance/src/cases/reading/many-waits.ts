import type { Case } from '../../case.ts'
import { sameIds } from '../../kit/asserting.ts'
import { simple } from '../../kit/messages.ts'
import { within } from '../../kit/waiting.ts'
import { nothing } from '../../needs.ts'

export const manyWaits: Case = {
  title: 'several waits on one subscription each get a message of their own',
  needs: nothing,
  async run(kit) {
    const topic = kit.topic()
    const sent = simple(4)

    const subscription = await kit.filled(topic, [], kit.group())
    const waits = Promise.all([1, 2, 3, 4].map(() => subscription.receive()))
    await kit.publish(topic, sent)
    const deliveries = await within(waits, kit.patience, 'four waits to end')
    for (const delivery of deliveries) delivery.ack()

    sameIds(deliveries, sent)
  },
}
