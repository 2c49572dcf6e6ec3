import assert from 'node:assert/strict'
import { message } from 'millrace'
import type { Case } from '../../case.ts'
import { ids } from '../../kit/asserting.ts'
import { take } from '../../kit/reading.ts'
import { nothing } from '../../needs.ts'

const IDS = [
  '1',
  'order-42',
  'a b/c:d?e&f=g',
  'grün-ünï-日本-🌊',
  'quo\'te"d',
  '__proto__',
  ' a\r\n',
  '\ufeffb',
  'x'.repeat(255),
]

export const idsPreserved: Case = {
  title: 'ids arrive as they were given, up to 255 characters',
  needs: nothing,
  async run(kit) {
    const sent = [...IDS.map(id => message('x', { id })), message('x')]

    const subscription = await kit.filled(kit.topic(), sent, kit.group())
    const deliveries = await take(kit, subscription, sent.length)
    for (const delivery of deliveries) delivery.ack()

    assert.deepEqual(ids(deliveries).sort(), ids(sent).sort())
  },
}
