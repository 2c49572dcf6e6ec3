import assert from 'node:assert/strict'
import { message, tombstone } from 'millrace'
import type { Case } from '../../case.ts'
import { take } from '../../kit/reading.ts'
import { nothing } from '../../needs.ts'

export const tombstones: Case = {
  title: 'a tombstone arrives empty with its key, and is never taken for anything but itself',
  needs: nothing,
  async run(kit) {
    const grave = tombstone('k')
    const empty = message('', { key: 'k' })

    const subscription = await kit.filled(kit.topic(), [grave, empty], kit.group())
    const deliveries = await take(kit, subscription, 2)
    for (const delivery of deliveries) delivery.ack()
    const got = new Map(deliveries.map(delivery => [delivery.message.id, delivery.message]))

    assert.equal(got.get(grave.id)?.key, 'k')
    assert.equal(got.get(grave.id)?.payload.byteLength, 0)
    // Not every broker can tell the two apart; none may take one for the other.
    assert.ok([true, undefined].includes(got.get(grave.id)?.tombstone))
    assert.equal(got.get(empty.id)?.tombstone, undefined)
  },
}
