import type { Case } from '../../case.ts'
import { sameIds } from '../../kit/asserting.ts'
import { simple } from '../../kit/messages.ts'
import { read, take } from '../../kit/reading.ts'
import { durable } from '../../needs.ts'

export const unsettledComesAgain: Case = {
  title: 'what one consumer took and never settled comes to the next',
  needs: durable,
  async run(kit) {
    const topic = kit.topic()
    const group = kit.group()
    const sent = simple(5)

    const subscription = await kit.filled(topic, sent, group)
    await take(kit, subscription, 5)
    await subscription.close({ timeout: 0 })
    const again = await kit.subscribe(await kit.broker(), topic, group)

    sameIds(await read(kit, again, 5), sent)
  },
}
