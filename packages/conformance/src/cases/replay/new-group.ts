import type { Case } from '../../case.ts'
import { sameIds } from '../../kit/asserting.ts'
import { simple } from '../../kit/messages.ts'
import { read } from '../../kit/reading.ts'
import { all, groups, replays } from '../../needs.ts'

export const newGroupReadsPast: Case = {
  title: 'a new group reads the past by default',
  needs: all(replays, groups),
  async run(kit) {
    const topic = kit.topic()
    const sent = simple(5)

    await kit.declare(topic, undefined)
    await kit.publish(topic, sent)
    const subscription = await kit.subscribe(await kit.broker(), topic, kit.group())

    sameIds(await read(kit, subscription, 5), sent)
  },
}
