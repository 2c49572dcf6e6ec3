import assert from 'node:assert/strict'
import type { Case } from '../../case.ts'
import { sameIds } from '../../kit/asserting.ts'
import { simple } from '../../kit/messages.ts'
import { next, read, silent } from '../../kit/reading.ts'
import { within } from '../../kit/waiting.ts'
import { all, durable, transactions } from '../../needs.ts'

export const transactional: Case = {
  title: 'a transaction publishes and acknowledges wholly, or not at all when its work fails',
  needs: all(transactions, durable),
  async run(kit) {
    const [from, to] = [kit.topic(), kit.topic()]
    const broker = await kit.broker()
    const group = kit.group()
    const [undone, done] = simple(2)

    const target = await kit.filled(to, [], kit.group())
    const source = await kit.filled(from, simple(1), group)
    const first = await next(kit, source)
    const failing = broker.transaction!(async transaction => {
      await transaction.publish(to, undone!)
      transaction.ack(first)
      throw new Error('the work failed')
    })
    await assert.rejects(within(failing, kit.patience, 'the transaction'), /the work failed/)
    await silent(kit, target)
    await source.close({ timeout: 0 })

    const again = await kit.subscribe(broker, from, group)
    const second = await next(kit, again)
    assert.equal(second.message.id, first.message.id, 'its acknowledgement was undone')
    const result = await within(
      broker.transaction!(async transaction => {
        await transaction.publish(to, done!)
        transaction.ack(second)
        return 'result'
      }),
      kit.patience,
      'the transaction',
    )
    assert.equal(result, 'result')
    assert.equal(second.ack(), true, 'what a transaction acknowledged is acknowledged')
    assert.throws(() => second.nack(), { code: 'SETTLED' })
    assert.equal((second.signal.reason as { code?: string }).code, 'SETTLED', 'its signal says that it is settled')
    sameIds(await read(kit, target, 1), [done!])
    await again.close({ timeout: 0 })
    await silent(kit, await kit.subscribe(broker, from, group))
  },
}
