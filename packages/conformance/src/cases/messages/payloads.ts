import assert from 'node:assert/strict'
import { message } from 'millrace'
import type { Case } from '../../case.ts'
import { take } from '../../kit/reading.ts'
import { nothing } from '../../needs.ts'

export const payloadsPreserved: Case = {
  title: 'payloads arrive byte for byte: empty, every byte there is, and a view into a larger buffer',
  needs: nothing,
  async run(kit) {
    const every = Uint8Array.from({ length: 256 }, (_, byte) => byte)
    const payloads = [
      new Uint8Array(0),
      every,
      every.subarray(100, 110),
      Uint8Array.of(0),
      new Uint8Array([0xff, 0xfe]),
    ]
    const sent = payloads.map(payload => message(payload))

    const subscription = await kit.filled(kit.topic(), sent, kit.group())
    const deliveries = await take(kit, subscription, sent.length)
    for (const delivery of deliveries) delivery.ack()

    for (const one of sent) {
      const got = deliveries.find(delivery => delivery.message.id === one.id)?.message
      assert.ok(got, 'it arrived')
      assert.ok(got.payload instanceof Uint8Array)
      assert.deepEqual(Buffer.from(got.payload), Buffer.from(one.payload))
      assert.equal(got.tombstone, undefined, 'an empty payload is no tombstone')
    }
  },
}
