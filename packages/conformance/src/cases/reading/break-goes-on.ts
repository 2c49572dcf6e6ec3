import type { Delivery } from 'millrace'
import type { Case } from '../../case.ts'
import { sameIds } from '../../kit/asserting.ts'
import { simple } from '../../kit/messages.ts'
import { next } from '../../kit/reading.ts'
import { nothing } from '../../needs.ts'

export const breakGoesOn: Case = {
  title: 'break ends the iteration, not the subscription, and loses nothing',
  needs: nothing,
  async run(kit) {
    const sent = simple(6)
    const got: Delivery[] = []

    const subscription = await kit.filled(kit.topic(), sent, kit.group())
    for (let round = 0; round < 2; round++)
      for await (const delivery of subscription) {
        delivery.ack()
        got.push(delivery)
        if (got.length % 2 === 0) break
      }
    while (got.length < 6) {
      const delivery = await next(kit, subscription)
      delivery.ack()
      got.push(delivery)
    }

    sameIds(got, sent)
  },
}
