import type { Delivery } from 'millrace'
import type { Case } from '../../case.ts'
import { sameIds } from '../../kit/asserting.ts'
import { publishParallel, simple } from '../../kit/messages.ts'
import { next } from '../../kit/reading.ts'
import { within } from '../../kit/waiting.ts'
import { durable } from '../../needs.ts'

/** Watermill's TestContinueAfterSubscribeClose. Where instances share nothing, the subscription alone is closed. */
export const continueAfterSubscribeClose: Case = {
  title: 'ContinueAfterSubscribeClose: consumers that close in mid-stream lose nothing for those that follow',
  needs: durable,
  async run(kit) {
    const topic = kit.topic()
    const { group } = kit.group()
    const sent = simple(kit.count(5000, 50))
    const batches = kit.count(5, 2)
    const seen = new Map<string, Delivery>()
    const drain = async (limit: number): Promise<void> => {
      const broker = await kit.another()
      const subscription = await kit.subscribe(broker, topic, { group: group! }) // durable: there are groups
      const before = seen.size
      while (seen.size < before + limit) {
        const delivery = await next(kit, subscription).catch(() => undefined)
        if (!delivery) break
        delivery.ack()
        seen.set(delivery.message.id, delivery)
      }
      for (let i = 0; i < 2; i++) await within(subscription.close(), kit.patience, 'close()')
      if (kit.capabilities.shared) for (let i = 0; i < 2; i++) await within(broker.close(), kit.patience, 'close()')
    }

    await kit.declare(topic, group)
    await publishParallel(kit, topic, sent, 50)
    const rounds = batches * 4
    for (let round = 0; round < rounds && seen.size < sent.length; round++)
      await drain(Math.min(sent.length / batches, sent.length - seen.size))

    sameIds([...seen.values()], sent)
  },
}
