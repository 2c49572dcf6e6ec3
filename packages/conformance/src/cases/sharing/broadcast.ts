import type { Case } from '../../case.ts'
import { sameIds } from '../../kit/asserting.ts'
import { simple } from '../../kit/messages.ts'
import { read, silent } from '../../kit/reading.ts'
import { broadcast } from '../../needs.ts'

export const broadcasts: Case = {
  title: 'subscribers without a group each get everything, from now on',
  needs: broadcast,
  async run(kit) {
    const topic = kit.topic()
    const broker = await kit.broker()
    const before = simple(3)
    const sent = simple(20)

    await kit.declare(topic, undefined)
    await kit.publish(topic, before)
    const everyone = [
      await kit.subscribe(broker, topic),
      await kit.subscribe(await kit.another(), topic),
      await kit.subscribe(await kit.another(), topic),
    ]
    await kit.publish(topic, sent)

    for (const one of everyone) sameIds(await read(kit, one, 20), sent)
    await Promise.all(everyone.map(one => silent(kit, one)))
  },
}
