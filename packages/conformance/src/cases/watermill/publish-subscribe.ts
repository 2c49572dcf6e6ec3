import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import type { Subscription } from 'millrace'
import { message, text } from 'millrace'
import type { Case } from '../../case.ts'
import { sameIds, throwsCode } from '../../kit/asserting.ts'
import { read } from '../../kit/reading.ts'
import { within } from '../../kit/waiting.ts'
import { nothing } from '../../needs.ts'

/** Watermill's TestPublishSubscribe. */
export const publishSubscribe: Case = {
  title: 'PublishSubscribe: a hundred messages arrive with their payloads and metadata, and closing ends the stream',
  needs: nothing,
  async run(kit) {
    const sent = Array.from({ length: 100 }, (_, i) => message(String(i), { metadata: { test: randomUUID() } }))

    const subscription = await kit.filled(kit.topic(), sent, kit.group())
    const received = await read(kit, subscription, 100, 3 * kit.patience)

    sameIds(received, sent)
    const byId = new Map(sent.map(one => [one.id, one]))
    for (const { message: one } of received) {
      const original = byId.get(one.id)! // sameIds has seen to it
      assert.equal(text(one), text(original), 'the payload')
      assert.equal(one.metadata['test'], original.metadata['test'], 'the metadata')
    }
    await within((await kit.broker()).close(), kit.patience, 'close()')
    await ended(subscription)
  },
}

async function ended(subscription: Subscription): Promise<void> {
  assert.equal(subscription.tryReceive(), undefined, 'nothing is left to read')
  await throwsCode('CLOSED', () => within(subscription.receive(), 100, 'receive() on a closed subscription'))
  const step = await within(subscription[Symbol.asyncIterator]().next(), 100, 'next() on a closed subscription')
  assert.equal(step.done, true, 'iteration is over')
}
