import type { Case } from '../../case.ts'
import { sameIds } from '../../kit/asserting.ts'
import { simple } from '../../kit/messages.ts'
import { read, silent } from '../../kit/reading.ts'
import { all, durable, replays } from '../../needs.ts'

export const groupsPlaceWins: Case = {
  title: 'a group that exists goes on from its own place, whatever from says',
  needs: all(durable, replays),
  async run(kit) {
    const topic = kit.topic()
    const broker = await kit.broker()
    const group = kit.group()
    const [done, missed, last] = [simple(3), simple(3), simple(3)]

    const first = await kit.filled(topic, done, group)
    await read(kit, first, 3)
    await first.close()
    await kit.publish(topic, missed)
    const second = await kit.subscribe(broker, topic, { ...group, from: 'earliest' })
    sameIds(await read(kit, second, 3), missed)
    await silent(kit, second)
    await second.close()
    await kit.publish(topic, last)
    const third = await kit.subscribe(broker, topic, { ...group, from: 'latest' })
    sameIds(await read(kit, third, 3), last)
  },
}
