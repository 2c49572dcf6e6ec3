import assert from 'node:assert/strict'
import type { Case } from '../../case.ts'
import { simple } from '../../kit/messages.ts'
import { next } from '../../kit/reading.ts'
import { nothing } from '../../needs.ts'

/** Watermill's TestTopic. */
export const topics: Case = {
  title: 'Topic: a message arrives on its own topic and no other',
  needs: nothing,
  async run(kit) {
    const [a, b] = [kit.topic(), kit.topic()]
    const [forA, forB] = simple(2)

    const fromA = await kit.filled(a, [forA!], kit.group())
    const fromB = await kit.filled(b, [forB!], kit.group())
    const [gotA, gotB] = [await next(kit, fromA), await next(kit, fromB)]

    assert.deepEqual([gotA.message.id, gotA.topic], [forA!.id, a])
    assert.deepEqual([gotB.message.id, gotB.topic], [forB!.id, b])
    gotA.ack()
    gotB.ack()
  },
}
