import assert from 'node:assert/strict'
import { message, text } from 'millrace'
import type { Case } from '../../case.ts'
import { take } from '../../kit/reading.ts'
import { nothing } from '../../needs.ts'

const KEYS = ['k', 'customer 7', 'grün/日本 🌊', '', '__proto__', 'a\r\nb', '\0\0\0\u0007', 'k'.repeat(200)]

export const keysPreserved: Case = {
  title: 'keys arrive as they were given, and none where none was given',
  needs: nothing,
  async run(kit) {
    const sent = [...KEYS.map((key, i) => message(String(i), { key })), message(String(KEYS.length))]

    const subscription = await kit.filled(kit.topic(), sent, kit.group())
    const deliveries = await take(kit, subscription, sent.length)
    for (const delivery of deliveries) delivery.ack()

    for (const { message: one } of deliveries) assert.equal(one.key, KEYS[Number(text(one))])
  },
}
