import assert from 'node:assert/strict'
import type { Case } from '../../case.ts'
import { sameIds } from '../../kit/asserting.ts'
import { simple } from '../../kit/messages.ts'
import { next, read } from '../../kit/reading.ts'
import { within } from '../../kit/waiting.ts'
import { durable } from '../../needs.ts'

export const closesUnread: Case = {
  title: 'a subscription closes at once while nobody reads it, and the unread go to the next consumer',
  needs: durable,
  async run(kit) {
    const topic = kit.topic()
    const group = kit.group()
    const sent = simple(10)

    const subscription = await kit.filled(topic, sent, group)
    const first = await next(kit, subscription)
    first.ack() // so that the others have had time to arrive
    const start = performance.now()
    const { released } = await within(subscription.close(), kit.patience, 'close()')
    const took = performance.now() - start
    const again = await kit.subscribe(await kit.another(), topic, group)
    const rest = await read(kit, again, 9)

    sameIds(
      rest,
      sent.filter(one => one.id !== first.message.id),
    )
    assert.ok(released <= 9, `${released} released of 9`)
    assert.ok(took < kit.patience, 'it did not wait for what nobody reads')
  },
}
