import assert from 'node:assert/strict'
import type { Case } from '../../case.ts'
import { ids, sameIds } from '../../kit/asserting.ts'
import { numbered } from '../../kit/messages.ts'
import { read } from '../../kit/reading.ts'
import { nothing } from '../../needs.ts'

export const largeBatch: Case = {
  title: 'a batch of two thousand arrives whole, and in order where there is order',
  needs: nothing,
  async run(kit) {
    const sent = numbered(2000).map(one => ({ ...one, key: 'one' }))

    const subscription = await kit.filled(kit.topic(), sent, kit.group())
    const received = await read(kit, subscription, sent.length)

    sameIds(received, sent)
    if (kit.capabilities.ordered !== 'none') assert.deepEqual(ids(received), ids(sent))
  },
}
