import assert from 'node:assert/strict'
import type { Case } from '../../case.ts'
import { simple } from '../../kit/messages.ts'
import { take } from '../../kit/reading.ts'
import { pass, within } from '../../kit/waiting.ts'
import { nothing } from '../../needs.ts'

const TIMEOUT = 100
const CLOCK = 5

export const closeDeadline: Case = {
  title: 'close gives work in hand its time and not much more',
  needs: nothing,
  async run(kit) {
    const broker = await kit.broker()
    const subscription = await kit.filled(kit.topic(), simple(1), kit.group())
    const [held] = await take(kit, subscription, 1)

    await pass(1) // a timer that is set late in a long turn may fire early
    const start = performance.now()
    const { released } = await within(broker.close({ timeout: TIMEOUT }), TIMEOUT + kit.patience, 'close()')
    const took = performance.now() - start

    assert.ok(took >= TIMEOUT - CLOCK, `it gave ${Math.round(took)} ms instead of ${TIMEOUT}`)
    assert.equal(released, 1)
    assert.equal(held!.ack(), false, 'a settlement after the close says that it came too late')
  },
}
