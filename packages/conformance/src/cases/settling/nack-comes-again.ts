import assert from 'node:assert/strict'
import { message, text } from 'millrace'
import type { Case } from '../../case.ts'
import { next, silent } from '../../kit/reading.ts'
import { settles } from '../../needs.ts'

export const nackComesAgain: Case = {
  title: 'a message nacked twice is delivered three times, unchanged',
  needs: settles,
  async run(kit) {
    const sent = message('again', { key: 'k', metadata: { kind: 'test' } })
    const backoff = { base: 1, max: 1 }

    const subscription = await kit.filled(kit.topic(), [sent], { ...kit.group(), backoff })
    for (let i = 0; i < 2; i++) {
      const delivery = await next(kit, subscription)
      assert.equal(delivery.nack({ error: new Error('not yet') }), true)
    }
    const last = await next(kit, subscription)
    last.ack()

    assert.equal(last.message.id, sent.id)
    assert.equal(last.message.key, 'k')
    assert.equal(text(last.message), 'again')
    assert.deepEqual({ ...last.message.metadata }, { kind: 'test' })
    await silent(kit, subscription)
  },
}
