import assert from 'node:assert/strict'
import type { Case } from '../../case.ts'
import { simple } from '../../kit/messages.ts'
import { next } from '../../kit/reading.ts'
import { all, nackDelay, settles } from '../../needs.ts'

const CLOCK = 5

export const backsOff: Case = {
  title: "a nack without a delay waits as the subscription's backoff says",
  needs: all(settles, nackDelay),
  async run(kit) {
    const backoff = { base: 40, factor: 3, max: 10_000, jitter: 'none' } as const
    const waits: number[] = []

    const subscription = await kit.filled(kit.topic(), simple(1), { ...kit.group(), backoff })
    let delivery = await next(kit, subscription)
    for (let i = 0; i < 2; i++) {
      const start = performance.now()
      delivery.nack()
      delivery = await next(kit, subscription)
      waits.push(performance.now() - start)
    }
    delivery.ack()

    assert.ok(waits[0]! >= 40 - CLOCK, `the first wait was ${waits[0]} ms instead of 40`)
    assert.ok(waits[1]! >= 120 - CLOCK, `the second wait was ${waits[1]} ms instead of 120`)
  },
}
