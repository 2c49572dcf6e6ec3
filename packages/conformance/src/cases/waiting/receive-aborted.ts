import { message } from 'millrace'
import type { Case } from '../../case.ts'
import { sameIds, throwsCode } from '../../kit/asserting.ts'
import { next } from '../../kit/reading.ts'
import { within } from '../../kit/waiting.ts'
import { nothing } from '../../needs.ts'

export const receiveAborted: Case = {
  title: 'a receive that is aborted ends at once and loses nothing: the next gets the message',
  needs: nothing,
  async run(kit) {
    const topic = kit.topic()
    const subscription = await kit.filled(topic, [], kit.group())

    await throwsCode('ABORTED', () => subscription.receive({ signal: AbortSignal.abort() }))
    for (let round = 0; round < 5; round++) {
      const controller = new AbortController()
      const waiting = subscription.receive({ signal: controller.signal })
      controller.abort()
      await throwsCode('ABORTED', () => within(waiting, kit.patience, 'an aborted receive to end'))
    }
    const sent = message('after the aborts')
    await kit.publish(topic, sent)
    const delivery = await next(kit, subscription)
    delivery.ack()

    sameIds([delivery], [sent])
  },
}
