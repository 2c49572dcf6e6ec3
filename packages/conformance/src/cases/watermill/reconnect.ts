import type { Message } from 'millrace'
import type { Case } from '../../case.ts'
import { sameIds } from '../../kit/asserting.ts'
import { publishWithRetry, simple } from '../../kit/messages.ts'
import type { Kit } from '../../kit/kit.ts'
import { read } from '../../kit/reading.ts'
import { pass } from '../../kit/waiting.ts'
import { all, redelivers, restart } from '../../needs.ts'

const PUBLISHERS = 100

/** Watermill's TestReconnect: the broker restarts twice while a hundred publishers and one subscription are at work. */
export const reconnect: Case = {
  title: 'Reconnect: the same subscription reads everything that was published around two restarts of the broker',
  alone: true,
  needs: all(restart, redelivers),
  async run(kit) {
    const topic = kit.topic()
    const sent = simple(kit.count(10_000, 1000))
    const restartAt = [Math.floor(sent.length / 3), Math.floor(sent.length / 2)]
    let restarting = Promise.resolve()
    let at = 0
    const work = async (): Promise<void> => {
      for (;;) {
        const index = at++
        const one = sent[index]
        if (!one) return
        if (restartAt.includes(index)) restarting = restarting.then(() => kit.restart())
        if (Math.random() < 0.1) await pass(500)
        await publishForEver(kit, topic, one)
      }
    }

    const subscription = await kit.subscribe(await kit.broker(), topic, kit.group())
    const publishing = Promise.all(Array.from({ length: PUBLISHERS }, work))
    publishing.catch(() => undefined) // awaited below; the reading may fail first
    const received = await read(kit, subscription, sent.length, 4 * kit.patience)
    await publishing
    await restarting

    sameIds(received, sent)
  },
}

async function publishForEver(kit: Kit, topic: string, one: Message): Promise<void> {
  const end = performance.now() + 4 * kit.patience
  for (;;) {
    try {
      return await publishWithRetry(kit, topic, one)
    } catch (error) {
      if (performance.now() > end) throw error
      await pass(500)
    }
  }
}
