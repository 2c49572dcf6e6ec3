import assert from 'node:assert/strict'
import type { Case } from '../../case.ts'
import { throwsCode } from '../../kit/asserting.ts'
import { simple } from '../../kit/messages.ts'
import { next } from '../../kit/reading.ts'
import { broadcast } from '../../needs.ts'

export const noDeadLetter: Case = {
  title: 'rejecting where there is no dead-letter topic throws NO_DEAD_LETTER and settles nothing',
  needs: broadcast,
  async run(kit) {
    const subscription = await kit.filled(kit.topic(), simple(1))
    const delivery = await next(kit, subscription)

    await throwsCode('NO_DEAD_LETTER', () => delivery.reject())

    assert.equal(delivery.signal.aborted, false)
    assert.equal(delivery.ack(), true)
  },
}
