import assert from 'node:assert/strict'
import type { Case } from '../../case.ts'
import { ids } from '../../kit/asserting.ts'
import { simple } from '../../kit/messages.ts'
import { read } from '../../kit/reading.ts'
import { all, broadcast, replays } from '../../needs.ts'

export const fromEarliest: Case = {
  title: "from 'earliest' reads the past in order and goes on with what is new",
  needs: all(replays, broadcast),
  async run(kit) {
    const topic = kit.topic()
    const past = simple(10).map(one => ({ ...one, key: 'k' }))
    const fresh = simple(2).map(one => ({ ...one, key: 'k' }))

    await kit.declare(topic, undefined)
    await kit.publish(topic, past)
    const subscription = await kit.subscribe(await kit.broker(), topic, { from: 'earliest' })
    await kit.publish(topic, fresh)
    const received = await read(kit, subscription, 12)

    assert.deepEqual(ids(received), ids([...past, ...fresh]))
  },
}
