import assert from 'node:assert/strict'
import { message } from 'millrace'
import type { Case } from '../../case.ts'
import { next } from '../../kit/reading.ts'

const MEBIBYTE = 1024 * 1024

export const oneMebibyte: Case = {
  title: 'a payload of 1 MiB arrives byte for byte',
  needs: c => c.maxBytes >= MEBIBYTE || `payloads are at most ${c.maxBytes} bytes (capabilities.maxBytes)`,
  async run(kit) {
    // A pattern whose period is no power of two shows a piece that is missing, doubled or misplaced.
    const payload = Uint8Array.from({ length: MEBIBYTE }, (_, i) => (i * 7919) % 251)

    const subscription = await kit.filled(kit.topic(), [message(payload)], kit.group())
    const delivery = await next(kit, subscription)
    delivery.ack()

    assert.equal(delivery.message.payload.byteLength, MEBIBYTE)
    assert.equal(Buffer.compare(delivery.message.payload, payload), 0)
  },
}
