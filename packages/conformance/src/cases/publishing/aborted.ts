import assert from 'node:assert/strict'
import { isMillraceError, message } from 'millrace'
import type { Case } from '../../case.ts'
import { throwsCode } from '../../kit/asserting.ts'
import { next } from '../../kit/reading.ts'
import { within } from '../../kit/waiting.ts'
import { nothing } from '../../needs.ts'

export const publishAborted: Case = {
  title: 'a publish that was aborted beforehand sends nothing; one that is aborted on its way ends at once',
  needs: nothing,
  async run(kit) {
    const topic = kit.topic()
    const broker = await kit.broker()
    const [never, perhaps, marker] = [message('never'), message('perhaps'), message('marker')]
    const controller = new AbortController()

    const subscription = await kit.filled(topic, [], kit.group())
    await throwsCode('ABORTED', () => broker.publish(topic, never, { signal: AbortSignal.abort() }))
    const publishing = broker.publish(topic, perhaps, { signal: controller.signal })
    controller.abort()
    const accepted = await within(
      publishing.then(
        () => true,
        (error: unknown) => {
          const known = isMillraceError(error, 'ABORTED') || isMillraceError(error, 'PUBLISH_FAILED')
          if (!known) throw error
          return false
        },
      ),
      kit.patience,
      'an aborted publish to end',
    )
    await kit.publish(topic, marker)

    const seen: string[] = []
    while (!seen.includes(marker.id)) {
      const delivery = await next(kit, subscription)
      delivery.ack()
      seen.push(delivery.message.id)
    }
    assert.ok(!seen.includes(never.id), 'what was aborted beforehand was sent')
    if (accepted && kit.capabilities.ordered !== 'none')
      assert.ok(seen.includes(perhaps.id), 'what was accepted did not arrive')
  },
}
