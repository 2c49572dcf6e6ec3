import type { Case } from '../../case.ts'
import { sameIds, throwsCode } from '../../kit/asserting.ts'
import { simple } from '../../kit/messages.ts'
import { read } from '../../kit/reading.ts'
import { pass, within } from '../../kit/waiting.ts'
import { nothing } from '../../needs.ts'

export const batchesAborted: Case = {
  title: 'a batch that is aborted while it fills gives back what it had',
  needs: nothing,
  async run(kit) {
    const topic = kit.topic()
    const sent = simple(3)
    const controller = new AbortController()

    const subscription = await kit.filled(topic, [], kit.group())
    const options = { size: 10, within: 4 * kit.patience, signal: controller.signal }
    const filling = subscription.batches(options)[Symbol.asyncIterator]().next()
    filling.catch(() => undefined) // awaited below
    await kit.publish(topic, sent)
    await pass(kit.quiet) // the three are in the batch by now, or on their way
    controller.abort()
    await throwsCode('ABORTED', () => within(filling, kit.patience, 'an aborted batch to end'))

    sameIds(await read(kit, subscription, 3), sent)
  },
}
