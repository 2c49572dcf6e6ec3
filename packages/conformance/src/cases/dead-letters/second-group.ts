import type { Case } from '../../case.ts'
import { sameIds } from '../../kit/asserting.ts'
import { simple } from '../../kit/messages.ts'
import { next, read } from '../../kit/reading.ts'
import { redelivers } from '../../needs.ts'

export const deadForOneGroup: Case = {
  title: 'a message that is dead for one group is alive for another',
  needs: redelivers,
  async run(kit) {
    const topic = kit.topic()
    const [one, other] = [kit.group(), kit.group()]
    const sent = simple(1)
    const broker = await kit.broker()

    const rejecting = await kit.subscribe(broker, topic, one)
    const accepting = await kit.subscribe(broker, topic, other)
    await kit.publish(topic, sent)
    ;(await next(kit, rejecting)).reject()
    await rejecting.flush()

    sameIds(await read(kit, accepting, 1), sent)
  },
}
