import type { SubscribeOptions } from 'millrace'
import type { Case } from '../../case.ts'
import { sameIds } from '../../kit/asserting.ts'
import { simple } from '../../kit/messages.ts'
import { read, silent } from '../../kit/reading.ts'
import { nothing } from '../../needs.ts'

export const fromLatest: Case = {
  title: "from 'latest' reads only what is published from now on, in a new group and without one",
  needs: nothing,
  async run(kit) {
    const topic = kit.topic()
    const broker = await kit.broker()
    const { groups, broadcast } = kit.capabilities
    const ways: SubscribeOptions[] = []
    if (groups) ways.push({ ...kit.group(), from: 'latest' })
    if (broadcast !== false) ways.push({ from: 'latest' }, {})
    const fresh = simple(3)

    await kit.declare(topic, undefined)
    await kit.publish(topic, simple(3))
    const subscriptions = await Promise.all(ways.map(options => kit.subscribe(broker, topic, options)))
    await kit.publish(topic, fresh)

    for (const subscription of subscriptions) sameIds(await read(kit, subscription, 3), fresh)
    await Promise.all(subscriptions.map(subscription => silent(kit, subscription, 1)))
  },
}
