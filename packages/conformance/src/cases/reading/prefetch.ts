import type { Case } from '../../case.ts'
import { simple } from '../../kit/messages.ts'
import { next, silent, take } from '../../kit/reading.ts'
import { settles } from '../../needs.ts'

export const prefetchBounds: Case = {
  title: 'no more than prefetch deliveries are un-settled at a time, and each settlement makes room for one',
  needs: settles,
  async run(kit) {
    const subscription = await kit.filled(kit.topic(), simple(8), { ...kit.group(), prefetch: 3 })
    const [first, ...held] = await take(kit, subscription, 3)

    await silent(kit, subscription)
    first!.ack()
    const fourth = await next(kit, subscription)
    await silent(kit, subscription)

    for (const delivery of [...held, fourth]) delivery.ack()
    for (const delivery of await take(kit, subscription, 3)) delivery.ack()
    for (const delivery of await take(kit, subscription, 1)) delivery.ack()
  },
}
