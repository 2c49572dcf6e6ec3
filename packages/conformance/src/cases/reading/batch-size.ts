import assert from 'node:assert/strict'
import type { Case } from '../../case.ts'
import { sameIds } from '../../kit/asserting.ts'
import { simple } from '../../kit/messages.ts'
import { within } from '../../kit/waiting.ts'
import { nothing } from '../../needs.ts'

export const batchSize: Case = {
  title: 'batches hold as many as asked for, never more, and together everything',
  needs: nothing,
  async run(kit) {
    const sent = simple(25)
    const received = []
    const sizes: number[] = []

    const subscription = await kit.filled(kit.topic(), sent, kit.group())
    const batches = subscription.batches({ size: 10, within: kit.patience })[Symbol.asyncIterator]()
    while (received.length < 20) {
      const step = await within(batches.next(), 2 * kit.patience, 'a batch')
      assert.ok(!step.done, 'the subscription goes on')
      for (const delivery of step.value) delivery.ack()
      received.push(...step.value)
      sizes.push(step.value.length)
    }
    await batches.return?.()
    while (received.length < 25) {
      const delivery = await within(subscription.receive(), kit.patience, 'what the batches left')
      delivery.ack()
      received.push(delivery)
    }

    assert.deepEqual(sizes, [10, 10])
    sameIds(received, sent)
  },
}
