import assert from 'node:assert/strict'
import type { Case } from '../../case.ts'
import { simple } from '../../kit/messages.ts'
import { Skipped } from '../../kit/kit.ts'
import { take } from '../../kit/reading.ts'
import { until } from '../../kit/waiting.ts'
import { durable } from '../../needs.ts'

export const lagCounted: Case = {
  title: 'lag counts what a group has not settled, delivered or not, and ends at nothing',
  needs: durable,
  async run(kit) {
    const topic = kit.topic()
    const { group } = kit.group()
    const broker = await kit.broker()
    if (!broker.lag) throw new Skipped('it does not tell the lag (no lag())')
    const lag = async (): Promise<number> => (await broker.lag!(topic, group!)).messages // just seen to be there

    await kit.declare(topic, group)
    assert.equal(await lag(), 0)
    await kit.publish(topic, simple(10))
    await until(async () => (await lag()) === 10, kit.patience, 'a lag of 10')
    const subscription = await kit.subscribe(broker, topic, { group: group! }) // durable: there are groups
    const deliveries = await take(kit, subscription, 10)
    assert.equal(await lag(), 10, 'what is in hand is not settled')
    for (const delivery of deliveries.slice(0, 4)) delivery.ack()
    await subscription.flush()
    await until(async () => (await lag()) === 6, kit.patience, 'a lag of 6')
    for (const delivery of deliveries.slice(4)) delivery.ack()
    await subscription.flush()
    await until(async () => (await lag()) === 0, kit.patience, 'a lag of 0')
  },
}
