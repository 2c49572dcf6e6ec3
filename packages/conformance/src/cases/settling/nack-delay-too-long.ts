import assert from 'node:assert/strict'
import type { Case } from '../../case.ts'
import { throwsCode } from '../../kit/asserting.ts'
import { simple } from '../../kit/messages.ts'
import { next } from '../../kit/reading.ts'
import { all, nackDelay } from '../../needs.ts'

export const nackDelayTooLong: Case = {
  title: 'a nack with a longer delay than the broker keeps throws DELAY_TOO_LONG and settles nothing',
  needs: all(
    nackDelay,
    c => (c.nackDelay !== false && Number.isFinite(c.nackDelay.max)) || 'a nack may be delayed for ever',
  ),
  async run(kit) {
    const { nackDelay } = kit.capabilities
    if (nackDelay === false) return // needs has seen to it

    const subscription = await kit.filled(kit.topic(), simple(1), kit.group())
    const delivery = await next(kit, subscription)
    await throwsCode('DELAY_TOO_LONG', () => delivery.nack({ delay: nackDelay.max + 1 }))

    assert.equal(delivery.ack(), true)
  },
}
