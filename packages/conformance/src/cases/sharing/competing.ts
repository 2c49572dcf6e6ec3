import assert from 'node:assert/strict'
import type { Subscription } from 'millrace'
import { isMillraceError } from 'millrace'
import type { Case } from '../../case.ts'
import { numbered } from '../../kit/messages.ts'
import { silent } from '../../kit/reading.ts'
import { until } from '../../kit/waiting.ts'
import { groups } from '../../needs.ts'

export const competing: Case = {
  title: 'the consumers of a group share: each message goes to one of them',
  needs: groups,
  async run(kit) {
    const topic = kit.topic()
    const group = kit.group()
    const sent = numbered(60)
    const handed: string[] = []
    const controller = new AbortController()
    const consume = async (consumer: Subscription): Promise<void> => {
      while (!controller.signal.aborted) {
        const delivery = await consumer.receive({ signal: controller.signal })
        handed.push(delivery.message.id)
        delivery.ack()
      }
    }

    const consumers = await Promise.all(
      [1, 2, 3].map(async () => kit.subscribe(await kit.another(), topic, { ...group, prefetch: 10 })),
    )
    const consuming = Promise.allSettled(consumers.map(consume))
    await kit.publish(topic, sent)
    await until(() => new Set(handed).size === 60, kit.patience, 'all messages to arrive').finally(() =>
      controller.abort(),
    )
    for (const one of await consuming)
      if (one.status === 'rejected' && !isMillraceError(one.reason, 'ABORTED')) throw one.reason

    await Promise.all(consumers.map(consumer => silent(kit, consumer)))
    assert.equal(handed.length, 60, 'no message went to two of them')
  },
}
