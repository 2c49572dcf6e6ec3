import assert from 'node:assert/strict'
import type { Case } from '../../case.ts'
import { aborts } from '../../kit/aborts.ts'
import { simple } from '../../kit/messages.ts'
import { take } from '../../kit/reading.ts'
import { nothing } from '../../needs.ts'

export const signalCodes: Case = {
  title: "a delivery's signal aborts with SETTLED when it is settled and CLOSED when its subscription closes",
  needs: nothing,
  async run(kit) {
    const subscription = await kit.filled(kit.topic(), simple(3), kit.group())
    const [early, late, open] = await take(kit, subscription, 3)

    const watched = early!.signal
    assert.equal(watched.aborted, false, 'in hand, nothing has happened to it')
    assert.equal(early!.signal, watched, 'it is the same signal at every read')
    early!.ack()
    late!.ack()
    assert.equal(await aborts(watched, kit.patience), 'SETTLED')
    assert.equal(await aborts(late!.signal, kit.patience), 'SETTLED', 'also where it is first read afterwards')

    const closing = aborts(open!.signal, kit.patience)
    await subscription.close({ timeout: 0 })
    assert.equal(await closing, 'CLOSED')
  },
}
