import assert from 'node:assert/strict'
import { message, text } from 'millrace'
import type { Case } from '../../case.ts'
import { next } from '../../kit/reading.ts'
import { all, kept, priority } from '../../needs.ts'

export const priorities: Case = {
  title: 'what has a higher priority overtakes what waits, and equals keep their order',
  needs: all(priority, kept),
  async run(kit) {
    const topic = kit.topic()
    const broker = await kit.broker()
    const group = kit.group()
    const top = kit.capabilities.priority - 1

    await kit.declare(topic, group.group)
    await broker.publish(topic, [message('low 1'), message('low 2')])
    await broker.publish(topic, [message('high 1'), message('high 2')], { priority: top })
    await broker.publish(topic, message('low 3'), { priority: 0 })
    const subscription = await kit.subscribe(broker, topic, { ...group, prefetch: 1 })
    const order: string[] = []
    for (let i = 0; i < 5; i++) {
      const delivery = await next(kit, subscription)
      order.push(text(delivery.message))
      delivery.ack()
    }

    assert.deepEqual(order, ['high 1', 'high 2', 'low 1', 'low 2', 'low 3'])
  },
}
