import { isMillraceError } from 'millrace'
import type { Case } from '../../case.ts'
import { sameIds, throwsCode } from '../../kit/asserting.ts'
import { simple } from '../../kit/messages.ts'
import { read } from '../../kit/reading.ts'
import { within } from '../../kit/waiting.ts'
import { nothing } from '../../needs.ts'

export const subscribeAborted: Case = {
  title: 'a subscribe that is aborted, beforehand or on its way, leaves no consumer behind',
  needs: nothing,
  async run(kit) {
    const topic = kit.topic()
    const broker = await kit.broker()
    const group = kit.group()
    const sent = simple(20)

    await kit.declare(topic, group.group)
    await throwsCode('ABORTED', () => broker.subscribe(topic, { ...group, signal: AbortSignal.abort() }))
    for (let round = 0; round < 3; round++) {
      const controller = new AbortController()
      const subscribing = broker.subscribe(topic, { ...group, signal: controller.signal })
      for (let turn = 0; turn < round; turn++) await Promise.resolve()
      controller.abort()
      const cut = await within(subscribing, kit.patience, 'an aborted subscribe to end').catch((error: unknown) => {
        if (!isMillraceError(error, 'ABORTED')) throw error
        return undefined
      })
      await (cut && within(cut.closed, kit.patience, 'a subscription whose signal aborted to close'))
    }
    // A consumer that was left behind would take its share of these.
    const subscription = await kit.subscribe(broker, topic, group)
    await kit.publish(topic, sent)

    sameIds(await read(kit, subscription, 20), sent)
  },
}
