import type { Case } from '../../case.ts'
import { sameIds } from '../../kit/asserting.ts'
import { simple } from '../../kit/messages.ts'
import { read, silent, take } from '../../kit/reading.ts'
import { durable } from '../../needs.ts'

export const deadBeforeAck: Case = {
  title: 'what is rejected just before the close is in the dead-letter topic, not lost with its original',
  needs: durable,
  async run(kit) {
    const topic = kit.topic()
    const group = kit.group()
    const deadTopic = `${topic}.${group.group}.dead`
    const sent = simple(10)
    const graves = kit.group()

    await kit.declare(deadTopic, graves.group)
    const subscription = await kit.filled(topic, sent, group)
    for (const delivery of await take(kit, subscription, 10)) delivery.reject({ reason: 'at the last moment' })
    await subscription.close()
    const broker = await kit.broker()
    const dead = await kit.subscribe(broker, deadTopic, graves)
    const again = await kit.subscribe(broker, topic, group)

    sameIds(await read(kit, dead, 10), sent)
    await silent(kit, again)
  },
}
