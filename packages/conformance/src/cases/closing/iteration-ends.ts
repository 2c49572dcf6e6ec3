import assert from 'node:assert/strict'
import type { Case } from '../../case.ts'
import { simple } from '../../kit/messages.ts'
import { next } from '../../kit/reading.ts'
import { within } from '../../kit/waiting.ts'
import { nothing } from '../../needs.ts'

export const iterationEnds: Case = {
  title: 'closing ends every iteration and every run of batches, without an error',
  needs: nothing,
  async run(kit) {
    const subscription = await kit.filled(kit.topic(), simple(1), kit.group())
    ;(await next(kit, subscription)).ack()
    let seen = 0
    const iterate = async (): Promise<void> => {
      for await (const delivery of subscription) if (delivery.ack()) seen++
    }
    const gather = async (): Promise<void> => {
      for await (const batch of subscription.batches({ size: 5, within: 1 })) seen += batch.length
    }

    const running = Promise.all([iterate(), gather()])
    await subscription.close()
    await within(running, kit.patience, 'iteration to end')

    assert.equal(seen, 0)
  },
}
