import type { Message, Subscription } from 'millrace'
import type { Case } from '../../case.ts'
import { sameIds } from '../../kit/asserting.ts'
import { simple } from '../../kit/messages.ts'
import { read } from '../../kit/reading.ts'
import { all, broadcast, replays } from '../../needs.ts'

/** Watermill's TestNewSubscriberReceivesOldMessages. */
export const oldMessages: Case = {
  title: 'NewSubscriberReceivesOldMessages: a new subscriber reads the whole past, the others only what is new',
  needs: all(replays, broadcast),
  async run(kit) {
    const topic = kit.topic()
    const sent: Message[] = []
    const add = async (): Promise<void> => {
      const [one] = simple(1)
      await kit.publish(topic, one!)
      sent.push(one!)
    }
    const readers: Subscription[] = []

    await kit.declare(topic, undefined)
    await add()
    for (let round = 0; round < 3; round++) {
      await add()
      readers.push(await kit.subscribe(await kit.another(), topic, { from: 'earliest' }))
      for (const reader of readers) {
        const fresh = reader === readers.at(-1) ? sent : sent.slice(-1)
        sameIds(await read(kit, reader, fresh.length), fresh)
      }
    }
  },
}
