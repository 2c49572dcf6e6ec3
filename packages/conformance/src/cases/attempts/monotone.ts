import assert from 'node:assert/strict'
import type { Case } from '../../case.ts'
import { simple } from '../../kit/messages.ts'
import { next } from '../../kit/reading.ts'
import { all, attempts, settles } from '../../needs.ts'

export const attemptsMonotone: Case = {
  title: 'attempts count up by one from one',
  needs: all(attempts, settles),
  async run(kit) {
    const counted: number[] = []

    const backoff = { base: 1, max: 1 }
    const subscription = await kit.filled(kit.topic(), simple(1), { ...kit.group(), backoff })
    for (let i = 0; i < 4; i++) {
      const delivery = await next(kit, subscription)
      counted.push(delivery.attempt)
      if (i < 3) delivery.nack()
      else delivery.ack()
    }

    assert.deepEqual(counted, [1, 2, 3, 4])
  },
}
