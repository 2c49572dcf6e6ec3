import assert from 'node:assert/strict'
import type { Case } from '../../case.ts'
import { ids } from '../../kit/asserting.ts'
import { simple } from '../../kit/messages.ts'
import { read, silent } from '../../kit/reading.ts'
import { all, broadcast, replays } from '../../needs.ts'

export const afterPosition: Case = {
  title: "from after a delivery's position, or a subscription's, reads exactly what came later",
  needs: all(replays, broadcast),
  async run(kit) {
    const topic = kit.topic()
    const broker = await kit.broker()
    // One key: where order is by key a position means something only within it.
    const sent = simple(6).map(one => ({ ...one, key: 'k' }))

    await kit.declare(topic, undefined)
    await kit.publish(topic, sent)
    const first = await kit.subscribe(broker, topic, { from: 'earliest' })
    const [, , third] = await read(kit, first, 3)
    await first.flush()
    const reached = first.position()
    assert.ok(third?.position !== undefined, 'a delivery of a broker that replays has a position')
    assert.ok(reached !== undefined, 'a subscription of a broker that replays has a position')

    for (const after of [third.position, reached]) {
      const subscription = await kit.subscribe(broker, topic, { from: { after } })
      const received = await read(kit, subscription, 3)
      assert.deepEqual(ids(received), ids(sent.slice(3)))
      await silent(kit, subscription, 1)
    }
  },
}
