import assert from 'node:assert/strict'
import type { Case } from '../../case.ts'
import { aborts } from '../../kit/aborts.ts'
import { simple } from '../../kit/messages.ts'
import { next } from '../../kit/reading.ts'
import { nothing } from '../../needs.ts'

/** Watermill's TestMessageCtx; a delivery's context is its signal. */
export const messageCtx: Case = {
  title: "MessageCtx: a delivery's signal aborts when it is acknowledged, and when the broker closes over it",
  needs: nothing,
  async run(kit) {
    const topic = kit.topic()
    const subscription = await kit.subscribe(await kit.broker(), topic, kit.group())
    await kit.publish(topic, simple(2))

    const first = await next(kit, subscription)
    const whenFirst = aborts(first.signal, kit.patience)
    assert.equal(first.ack(), true)
    await whenFirst

    const second = await next(kit, subscription)
    const whenSecond = aborts(second.signal, kit.patience)
    const closing = (await kit.broker()).close({ timeout: 10 })
    await whenSecond
    await closing
  },
}
