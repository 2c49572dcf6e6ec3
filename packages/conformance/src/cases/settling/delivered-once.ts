import assert from 'node:assert/strict'
import type { Case } from '../../case.ts'
import { ids } from '../../kit/asserting.ts'
import { simple } from '../../kit/messages.ts'
import { silent, take } from '../../kit/reading.ts'
import { nothing } from '../../needs.ts'

export const deliveredOnce: Case = {
  title: 'while nothing fails, each message comes once',
  needs: nothing,
  async run(kit) {
    const sent = simple(20)

    const subscription = await kit.filled(kit.topic(), sent, kit.group())
    const deliveries = await take(kit, subscription, 20)
    for (const delivery of deliveries) delivery.ack()

    assert.deepEqual(ids(deliveries).sort(), ids(sent).sort())
    await silent(kit, subscription)
  },
}
