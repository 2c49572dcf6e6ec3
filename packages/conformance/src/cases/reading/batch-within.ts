import assert from 'node:assert/strict'
import type { Case } from '../../case.ts'
import { simple } from '../../kit/messages.ts'
import { within } from '../../kit/waiting.ts'
import { nothing } from '../../needs.ts'

const WITHIN = 100

export const batchWithin: Case = {
  title: 'a batch that does not fill comes after its time with what there is, and never empty',
  needs: nothing,
  async run(kit) {
    const topic = kit.topic()
    const subscription = await kit.filled(topic, [], kit.group())
    const batches = subscription.batches({ size: 100, within: WITHIN })[Symbol.asyncIterator]()

    const first = batches.next()
    let early = false
    void first.then(() => (early = true))
    // Longer than the time of a batch: nothing has come, so nothing may be yielded.
    await new Promise(resolve => setTimeout(resolve, WITHIN + kit.quiet))
    assert.equal(early, false, 'an empty batch')
    await kit.publish(topic, simple(3))
    const batch = await within(first, kit.patience, 'the batch')

    assert.ok(!batch.done)
    assert.ok(batch.value.length > 0, 'an empty batch')
    for (const delivery of batch.value) delivery.ack()
    let count = batch.value.length
    while (count < 3) {
      const step = await within(batches.next(), kit.patience, 'the rest')
      assert.ok(!step.done && step.value.length > 0)
      for (const delivery of step.value) delivery.ack()
      count += step.value.length
    }
    assert.equal(count, 3)
    await batches.return?.()
  },
}
