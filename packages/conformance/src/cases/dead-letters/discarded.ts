import type { Case } from '../../case.ts'
import { sameIds } from '../../kit/asserting.ts'
import { simple } from '../../kit/messages.ts'
import { next, silent } from '../../kit/reading.ts'
import { redelivers } from '../../needs.ts'
import { graveyard, QUICK } from './graveyard.ts'

export const discarded: Case = {
  title: 'deadLetter: false discards a message after its last attempt, and one that is rejected',
  needs: redelivers,
  async run(kit) {
    const topic = kit.topic()
    const group = kit.group()
    const dead = await graveyard(kit, `${topic}.${group.group}.dead`)
    const [failing, refused] = simple(2)
    const options = { ...group, deadLetter: false, maxDeliveries: 2, backoff: QUICK } as const

    const subscription = await kit.filled(topic, [failing!], options)
    for (let i = 0; i < 2; i++) (await next(kit, subscription)).nack()
    await kit.publish(topic, refused!)
    const last = await next(kit, subscription)
    last.reject()
    await subscription.close()
    const again = await kit.subscribe(await kit.broker(), topic, options)

    sameIds([last], [refused!])
    await silent(kit, again)
    await silent(kit, dead, 1)
  },
}
