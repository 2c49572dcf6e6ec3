import { message } from 'millrace'
import type { Case } from '../../case.ts'
import { sameIds } from '../../kit/asserting.ts'
import { read, silent } from '../../kit/reading.ts'
import { pass } from '../../kit/waiting.ts'
import { all, kept, ttl } from '../../needs.ts'

const TTL = 50

export const expiredStaysAway: Case = {
  title: 'a message whose ttl is over is never delivered, one whose ttl is not over is',
  needs: all(ttl, kept),
  async run(kit) {
    const topic = kit.topic()
    const broker = await kit.broker()
    const group = kit.group()
    const [alive, marker] = [message('alive'), message('marker')]

    await kit.declare(topic, group.group)
    await broker.publish(topic, message('expired'), { ttl: TTL })
    await broker.publish(topic, alive, { ttl: 3_600_000 })
    await pass(2 * TTL)
    await broker.publish(topic, marker)
    const subscription = await kit.subscribe(broker, topic, group)

    sameIds(await read(kit, subscription, 2), [alive, marker])
    await silent(kit, subscription, 1)
  },
}
