import type { Case } from '../../case.ts'
import { sameIds } from '../../kit/asserting.ts'
import { simple } from '../../kit/messages.ts'
import { read } from '../../kit/reading.ts'
import { all, broadcast, groups } from '../../needs.ts'

export const groupBesideEveryone: Case = {
  title: 'a group and a subscriber without one do not take from each other',
  needs: all(groups, broadcast),
  async run(kit) {
    const topic = kit.topic()
    const broker = await kit.broker()
    const sent = simple(10)

    const member = await kit.subscribe(broker, topic, kit.group())
    const everyone = await kit.subscribe(broker, topic)
    await kit.publish(topic, sent)

    sameIds(await read(kit, member, 10), sent)
    sameIds(await read(kit, everyone, 10), sent)
  },
}
