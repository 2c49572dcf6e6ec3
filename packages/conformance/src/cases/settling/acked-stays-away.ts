import type { Case } from '../../case.ts'
import { sameIds } from '../../kit/asserting.ts'
import { simple } from '../../kit/messages.ts'
import { next, read, silent } from '../../kit/reading.ts'
import { durable } from '../../needs.ts'

export const ackedStaysAway: Case = {
  title: 'an acknowledged message does not come again',
  needs: durable,
  async run(kit) {
    const topic = kit.topic()
    const group = kit.group()
    const sent = simple(3)

    const subscription = await kit.filled(topic, sent, group)
    const first = await next(kit, subscription)
    first.ack()
    await subscription.close({ timeout: 0 })
    const again = await kit.subscribe(await kit.broker(), topic, group)
    const rest = await read(kit, again, 2)

    sameIds(
      rest,
      sent.filter(one => one.id !== first.message.id),
    )
    await silent(kit, again)
  },
}
