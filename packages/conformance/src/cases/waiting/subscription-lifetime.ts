import assert from 'node:assert/strict'
import type { Case } from '../../case.ts'
import { aborts } from '../../kit/aborts.ts'
import { sameIds, throwsCode } from '../../kit/asserting.ts'
import { simple } from '../../kit/messages.ts'
import { read, take } from '../../kit/reading.ts'
import { within } from '../../kit/waiting.ts'
import { durable } from '../../needs.ts'

export const subscriptionLifetime: Case = {
  title: "a subscription's signal closes it at once, waits included, and releases what is in hand",
  needs: durable,
  async run(kit) {
    const topic = kit.topic()
    const broker = await kit.broker()
    const group = kit.group()
    const sent = simple(4)
    const controller = new AbortController()

    await kit.declare(topic, group.group)
    await kit.publish(topic, sent)
    const first = await kit.subscribe(broker, topic, { ...group, signal: controller.signal })
    const [held] = await take(kit, first, 4)
    const waiting = first.receive()
    waiting.catch(() => undefined) // awaited below
    const lost = aborts(held!.signal, kit.patience)
    controller.abort()
    await throwsCode(['CLOSED', 'ABORTED'], () => within(waiting, kit.patience, 'the wait to end'))
    await within(first.closed, kit.patience, 'closed')
    await lost
    assert.equal(held!.ack(), false)
    const second = await kit.subscribe(broker, topic, group)

    sameIds(await read(kit, second, 4), sent)
  },
}
