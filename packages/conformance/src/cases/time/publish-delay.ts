import assert from 'node:assert/strict'
import { message, text } from 'millrace'
import type { PublishOptions } from 'millrace'
import type { Case } from '../../case.ts'
import { next } from '../../kit/reading.ts'
import { publishDelay } from '../../needs.ts'

const DELAY = 200
const CLOCK = 5

export const publishDelayed: Case = {
  title: 'a message that is published with a delay, in ms or to a moment, comes then and not before',
  needs: publishDelay,
  async run(kit) {
    const topic = kit.topic()
    const broker = await kit.broker()
    const ways: [string, () => PublishOptions['delay']][] = [
      ['ms', () => DELAY],
      ['moment', () => new Date(Date.now() + DELAY)],
    ]

    const subscription = await kit.filled(topic, [], kit.group())
    for (const [way, delay] of ways) {
      const start = performance.now()
      await broker.publish(topic, message(way), { delay: delay()! })
      await broker.publish(topic, message('at once'))
      const first = await next(kit, subscription)
      first.ack()
      const second = await next(kit, subscription)
      second.ack()
      const waited = performance.now() - start

      assert.deepEqual([text(first.message), text(second.message)], ['at once', way])
      assert.ok(waited >= DELAY - CLOCK, `${way}: it came after ${Math.round(waited)} ms instead of ${DELAY}`)
    }
  },
}
