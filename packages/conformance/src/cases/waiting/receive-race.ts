import { isMillraceError } from 'millrace'
import type { Case } from '../../case.ts'
import { sameIds } from '../../kit/asserting.ts'
import { simple } from '../../kit/messages.ts'
import { next } from '../../kit/reading.ts'
import { within } from '../../kit/waiting.ts'
import { nothing } from '../../needs.ts'
import type { Delivery } from 'millrace'

export const receiveRace: Case = {
  title: 'when an abort and a message meet, the message goes to that wait or to the next, never to nobody',
  needs: nothing,
  async run(kit) {
    const topic = kit.topic()
    const sent = simple(40)
    const got: Delivery[] = []

    const subscription = await kit.filled(topic, [], kit.group())
    for (const [i, one] of sent.entries()) {
      const controller = new AbortController()
      const waiting = subscription.receive({ signal: controller.signal }).then(
        delivery => got.push(delivery),
        (error: unknown) => {
          if (!isMillraceError(error, 'ABORTED')) throw error
        },
      )
      const publishing = kit.publish(topic, one)
      // Earlier and later within the publish, from before it has started to after it is done.
      for (let turn = 0; turn < i % 8; turn++) await Promise.resolve()
      if (i % 8 === 7) await publishing
      controller.abort()
      await Promise.all([publishing, within(waiting, kit.patience, 'the wait to end')])
    }
    while (got.length < sent.length) got.push(await next(kit, subscription))
    for (const delivery of got) delivery.ack()

    sameIds(got, sent)
  },
}
