import { message } from 'millrace'
import type { Case } from '../../case.ts'
import { sameIds } from '../../kit/asserting.ts'
import { read, silent } from '../../kit/reading.ts'

export const deduplicated: Case = {
  title: 'what is published under a dedupeId that was seen is dropped, under another it is not',
  needs: c => c.dedupes > 0 || 'it remembers no dedupeId (capabilities.dedupes)',
  async run(kit) {
    const topic = kit.topic()
    const broker = await kit.broker()
    const [first, repeated, other] = [message('1'), message('2'), message('3')]

    const subscription = await kit.filled(topic, [], kit.group())
    await broker.publish(topic, first, { dedupeId: 'one' })
    await broker.publish(topic, repeated, { dedupeId: 'one' })
    await broker.publish(topic, other, { dedupeId: 'other' })

    sameIds(await read(kit, subscription, 2), [first, other])
    await silent(kit, subscription)
  },
}
