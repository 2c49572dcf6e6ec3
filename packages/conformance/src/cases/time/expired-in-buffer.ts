import { message } from 'millrace'
import type { Case } from '../../case.ts'
import { sameIds } from '../../kit/asserting.ts'
import { read, silent } from '../../kit/reading.ts'
import { pass } from '../../kit/waiting.ts'
import { ttl } from '../../needs.ts'

const TTL = 100

export const expiredInBuffer: Case = {
  title: 'a message that expires while it waits in a buffer is not handed over',
  needs: ttl,
  async run(kit) {
    const topic = kit.topic()
    const broker = await kit.broker()
    const marker = message('marker')

    const subscription = await kit.filled(topic, [], kit.group())
    await broker.publish(topic, message('expires unread'), { ttl: TTL })
    await pass(2 * TTL)
    await broker.publish(topic, marker)

    sameIds(await read(kit, subscription, 1), [marker])
    await silent(kit, subscription, 1)
  },
}
