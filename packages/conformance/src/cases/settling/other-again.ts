import assert from 'node:assert/strict'
import type { Case } from '../../case.ts'
import { throwsCode } from '../../kit/asserting.ts'
import { simple } from '../../kit/messages.ts'
import { next, silent } from '../../kit/reading.ts'
import { all, groups, settles } from '../../needs.ts'

export const otherAgain: Case = {
  title: 'a second settlement of another kind throws SETTLED and changes nothing',
  needs: all(settles, groups),
  async run(kit) {
    const subscription = await kit.filled(kit.topic(), simple(1), kit.group())
    const delivery = await next(kit, subscription)

    assert.equal(delivery.ack(), true)
    await throwsCode('SETTLED', () => delivery.nack())
    await throwsCode('SETTLED', () => delivery.reject())
    await throwsCode('SETTLED', () => delivery.release())

    await silent(kit, subscription)
  },
}
