import assert from 'node:assert/strict'
import { message, text } from 'millrace'
import type { Case } from '../../case.ts'
import { sameIds } from '../../kit/asserting.ts'
import { read } from '../../kit/reading.ts'
import { nothing } from '../../needs.ts'

export const manyTopics: Case = {
  title: 'one subscription to a list of topics gets what is published to each',
  needs: nothing,
  async run(kit) {
    const names = [kit.topic(), kit.topic(), kit.topic()]
    const sent = names.map(name => message(name))

    const subscription = await kit.subscribe(await kit.broker(), names, kit.group())
    for (const one of sent) await kit.publish(text(one), one)
    const received = await read(kit, subscription, 3)

    sameIds(received, sent)
    for (const delivery of received) assert.equal(delivery.topic, text(delivery.message))
  },
}
