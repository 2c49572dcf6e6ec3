import assert from 'node:assert/strict'
import type { Subscription } from 'millrace'
import { isMillraceError, message } from 'millrace'
import type { Case } from '../../case.ts'
import { pass, until } from '../../kit/waiting.ts'
import { all, groups, keyAffinity } from '../../needs.ts'

export const keysHaveOwners: Case = {
  title: 'in a group the messages of a key all go to one consumer',
  needs: all(groups, keyAffinity),
  async run(kit) {
    const topic = kit.topic()
    const group = kit.group()
    const owners = new Map<string, Set<number>>()
    const controller = new AbortController()
    let count = 0
    const consume = async (consumer: Subscription, name: number): Promise<void> => {
      while (!controller.signal.aborted) {
        const delivery = await consumer.receive({ signal: controller.signal })
        await pass(0) // time in which the other, if it may, takes its turn
        delivery.ack()
        count++
        const key = delivery.message.key ?? ''
        owners.set(key, (owners.get(key) ?? new Set()).add(name))
      }
    }

    const consumers = await Promise.all(
      [0, 1].map(async () => kit.subscribe(await kit.another(), topic, { ...group, prefetch: 5 })),
    )
    const consuming = Promise.allSettled(consumers.map(consume))
    // At once, and more than either may hold: without owners, taking turns, both get some of each key.
    await kit.publish(
      topic,
      Array.from({ length: 84 }, (_, i) => message('x', { key: `k${i % 7}` })),
    )
    await until(() => count >= 84, kit.patience, '84 messages').finally(() => controller.abort())
    for (const one of await consuming)
      if (one.status === 'rejected' && !isMillraceError(one.reason, 'ABORTED')) throw one.reason

    for (const [key, names] of owners) assert.equal(names.size, 1, `${key} went to ${names.size} consumers`)
  },
}
