import type { Case } from '../../case.ts'
import { sameIds } from '../../kit/asserting.ts'
import { simple } from '../../kit/messages.ts'
import { read, take } from '../../kit/reading.ts'
import { until } from '../../kit/waiting.ts'
import { all, broadcast, replays } from '../../needs.ts'

export const fromTime: Case = {
  title: 'from a time reads what was published since',
  needs: all(replays, broadcast),
  async run(kit) {
    const topic = kit.topic()
    const broker = await kit.broker()
    const before = simple(3)
    const since = simple(3)

    await kit.declare(topic, undefined)
    await kit.publish(topic, before)
    // So that the two have different times: a timer that was set late in a long turn may fire early.
    const start = Date.now()
    await until(() => Date.now() >= start + 20, kit.patience, 'the clock to move')
    await kit.publish(topic, since)
    const all = await take(kit, await kit.subscribe(broker, topic, { from: 'earliest' }), 6)
    // The broker's own clock is what counts.
    const time = all.find(one => one.message.id === since[0]?.id)?.time
    if (time === undefined) throw new Error('a broker that replays tells the time of publishing')
    const subscription = await kit.subscribe(broker, topic, { from: { time } })

    sameIds(await read(kit, subscription, 3), since)
  },
}
