import { message } from 'millrace'
import type { Case } from '../../case.ts'
import { sameIds } from '../../kit/asserting.ts'
import { read } from '../../kit/reading.ts'
import { publishDelay } from '../../needs.ts'

export const pastDelay: Case = {
  title: 'a delay of nothing, or to a moment that is over, is no delay',
  needs: publishDelay,
  async run(kit) {
    const topic = kit.topic()
    const broker = await kit.broker()
    const [now, past] = [message('now'), message('past')]

    const subscription = await kit.filled(topic, [], kit.group())
    await broker.publish(topic, now, { delay: 0 })
    await broker.publish(topic, past, { delay: new Date(Date.now() - 60_000) })

    sameIds(await read(kit, subscription, 2), [now, past])
  },
}
