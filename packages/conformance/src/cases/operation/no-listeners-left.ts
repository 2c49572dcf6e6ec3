import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import type { Case } from '../../case.ts'
import { simple } from '../../kit/messages.ts'
import { nothing } from '../../needs.ts'

export const noListenersLeft: Case = {
  title: "a caller's long-lived signal is left without listeners when what it was given to is over",
  needs: nothing,
  async run(kit) {
    const topic = kit.topic()
    const broker = await kit.broker()
    const { signal } = new AbortController()
    const listeners = (): number => getEventListeners(signal, 'abort').length

    await broker.open({ signal })
    await broker.declare(topic, { signal })
    const subscription = await kit.subscribe(broker, topic, { ...kit.group(), signal })
    const whileSubscribed = listeners()
    for (const one of simple(20)) await broker.publish(topic, one, { signal })
    for (let i = 0; i < 20; i++) (await subscription.receive({ signal })).ack()
    const waiting = subscription.receive({ signal })
    await broker.publish(topic, simple(1), { signal })
    ;(await waiting).ack()
    await subscription.flush({ signal })
    const batches = subscription.batches({ size: 1, signal })[Symbol.asyncIterator]()
    const batch = batches.next()
    await broker.publish(topic, simple(1), { signal })
    for (const delivery of (await batch).value ?? []) delivery.ack()
    await batches.return?.()

    assert.equal(listeners(), whileSubscribed, 'after publishing and receiving')
    assert.ok(whileSubscribed <= 1, `${whileSubscribed} listeners for one subscription`)
    await subscription.close()
    await broker.close()
    assert.equal(listeners(), 0, 'after the close')
  },
}
