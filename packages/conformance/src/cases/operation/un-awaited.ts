import assert from 'node:assert/strict'
import type { Case } from '../../case.ts'
import { simple } from '../../kit/messages.ts'
import { take } from '../../kit/reading.ts'
import { pass } from '../../kit/waiting.ts'
import { all, groups, settles } from '../../needs.ts'

export const unAwaitedIsSafe: Case = {
  title: 'settlements, closes and waits that nobody awaits never become an unhandled rejection',
  alone: true,
  needs: all(settles, groups),
  async run(kit) {
    const broker = await kit.broker()
    const unhandled: unknown[] = []
    const onUnhandled = (reason: unknown): void => void unhandled.push(reason)

    process.on('unhandledRejection', onUnhandled)
    try {
      const subscription = await kit.filled(kit.topic(), simple(4), kit.group())
      const [first, second, third, fourth] = await take(kit, subscription, 4)
      first!.ack()
      second!.nack()
      third!.reject()
      void subscription.close({ timeout: 0 })
      fourth!.ack()
      void broker.close({ timeout: 0 })
      await broker.close()
      await pass(kit.quiet)
    } finally {
      process.off('unhandledRejection', onUnhandled)
    }

    assert.deepEqual(unhandled, [])
  },
}
