import type { Subscription } from 'millrace'
import { isMillraceError } from 'millrace'
import type { Case } from '../../case.ts'
import { sameIds } from '../../kit/asserting.ts'
import { simple } from '../../kit/messages.ts'
import { read } from '../../kit/reading.ts'
import { within } from '../../kit/waiting.ts'
import { durable } from '../../needs.ts'

/** Watermill's TestSubscribeCtx; the context is the subscription's signal. */
export const subscribeCtx: Case = {
  title: 'SubscribeCtx: a subscription whose signal aborts ends, and what it had goes to the next',
  needs: durable,
  async run(kit) {
    const topic = kit.topic()
    const group = kit.group()
    const broker = await kit.broker()
    const sent = simple(20)
    const controller = new AbortController()

    await kit.declare(topic, group.group)
    await kit.publish(topic, sent)
    const subscribing = kit.subscribe(broker, topic, { ...group, signal: controller.signal })
    controller.abort()
    const cut = await subscribing.catch((error: unknown) => {
      if (!isMillraceError(error, 'ABORTED')) throw error
      return undefined
    })
    if (cut) await within(nackRest(cut), kit.patience, 'the aborted subscription to end')
    const received = await read(kit, await kit.subscribe(broker, topic, group), 20)

    sameIds(received, sent)
  },
}

async function nackRest(subscription: Subscription): Promise<void> {
  try {
    for await (const delivery of subscription) delivery.nack()
  } catch (error) {
    if (!isMillraceError(error, 'ABORTED') && !isMillraceError(error, 'CLOSED')) throw error
  }
  await subscription.closed
}
