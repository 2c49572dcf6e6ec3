import assert from 'node:assert/strict'
import type { Case } from '../../case.ts'
import { simple } from '../../kit/messages.ts'
import { within } from '../../kit/waiting.ts'
import { nothing } from '../../needs.ts'

export const batchAtOnce: Case = {
  title: 'batches without a time come at once with what there is, and settle one by one',
  needs: nothing,
  async run(kit) {
    const subscription = await kit.filled(kit.topic(), simple(5), kit.group())
    let count = 0

    for await (const batch of subscription.batches({ size: 1000 })) {
      assert.ok(batch.length > 0, 'an empty batch')
      for (const delivery of batch) assert.equal(delivery.ack(), true)
      count += batch.length
      if (count >= 5) break
    }

    assert.equal(count, 5)
    await within(subscription.flush(), kit.patience, 'flush()')
  },
}
