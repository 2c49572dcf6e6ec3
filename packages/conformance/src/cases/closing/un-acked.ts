import assert from 'node:assert/strict'
import type { Case } from '../../case.ts'
import { simple } from '../../kit/messages.ts'
import { take } from '../../kit/reading.ts'
import { within } from '../../kit/waiting.ts'
import { nothing } from '../../needs.ts'

export const closesUnAcked: Case = {
  title: 'a subscription closes over un-acknowledged messages when its time is up, and counts them',
  needs: nothing,
  async run(kit) {
    const subscription = await kit.filled(kit.topic(), simple(3), { ...kit.group(), prefetch: 3 })
    await take(kit, subscription, 3)

    const { released } = await within(subscription.close({ timeout: 20 }), kit.patience, 'close()')

    assert.equal(released, 3)
    assert.equal(await within(subscription.closed, kit.patience, 'closed'), undefined)
  },
}
