import assert from 'node:assert/strict'
import { message, text } from 'millrace'
import type { Case } from '../../case.ts'
import { next, silent } from '../../kit/reading.ts'
import { nothing } from '../../needs.ts'

export const legalNames: Case = {
  title: 'topics that differ in a dot, a dash, a capital or a level are different topics, up to 80 characters',
  needs: nothing,
  async run(kit) {
    const stem = kit.topic()
    const longest = `${stem}.`.padEnd(80, 'x')
    const names = [`${stem}.a`, `${stem}-a`, `${stem}_a`, `${stem}.A`, `${stem}.a.a`, `${stem}--a`, stem, longest]

    const subscriptions = await Promise.all(names.map(async name => kit.filled(name, [message(name)], kit.group())))
    for (const [i, subscription] of subscriptions.entries()) {
      const delivery = await next(kit, subscription)
      delivery.ack()
      assert.equal(text(delivery.message), names[i])
      assert.equal(delivery.topic, names[i])
    }
    await Promise.all(subscriptions.map(subscription => silent(kit, subscription)))
  },
}
