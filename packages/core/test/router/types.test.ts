import { expect, test } from 'vitest'
import { z } from 'zod'
import type { Message } from '../../src/contract.ts'
import { silent } from '../../src/logger.ts'
import { memory } from '../../src/memory/index.ts'
import { message } from '../../src/message.ts'
import { correlation } from '../../src/middleware/correlation.ts'
import { log } from '../../src/middleware/log.ts'
import { retry } from '../../src/policy/retry.ts'
import { to } from '../../src/router/output.ts'
import { Router } from '../../src/router/router.ts'
import { topic } from '../../src/topic/topic.ts'

const Orders = topic('orders', { schema: z.object({ id: z.string(), at: z.coerce.date() }) })
const Totals = topic<{ total: number }>('totals')

/** Adds handlers to a router that never runs: what is shown here is what the compiler takes and refuses. */
test('handlers are typed by their topics, on the way in and on the way out', () => {
  const router = new Router({ logger: silent })
  const subscriber = memory()

  // A schema that transforms: the handler gets what comes out of it.
  router.handle('in', { subscriber, topic: Orders }, (order, { delivery }) => {
    const at: Date = order.at
    const raw: Message = delivery.message
    expect([at, raw]).toBeDefined()
  })
  router.handle('name', { subscriber, topic: 'orders' }, one => {
    const raw: Message = one
    expect(raw).toBeDefined()
  })
  router.handle('out', { subscriber, topic: 'orders', publishTopic: Totals }, () => ({ total: 1 }))
  router.handle('many', { subscriber, topic: 'orders', publishTopic: Totals }, async () => [
    { total: 1 },
    message('raw'),
    to('elsewhere', message('x')),
    to(Totals, { total: 2 }),
  ])
  router.batch('batch', { subscriber, topic: Orders, batch: { size: 10 }, publishTopic: Totals }, orders => ({
    total: orders.filter(({ at }) => at.getTime() > 0).length,
  }))
  router.use(correlation(), log(), retry())
  router.batch('used', { subscriber, topic: 'x', batch: { size: 1 } }, () => undefined).use(correlation(), retry())

  // @ts-expect-error a value of another type
  router.handle('wrong-value', { subscriber, topic: 'orders', publishTopic: Totals }, () => ({ total: 'one' }))
  // @ts-expect-error a value where only messages go
  router.handle('no-type', { subscriber, topic: 'orders', publishTopic: 'totals' }, () => ({ total: 1 }))
  // @ts-expect-error a value for a topic without a type
  const untyped = () => to('elsewhere', { total: 1 })
  const twice = () =>
    // @ts-expect-error the group of the subscription is the handler's
    router.handle('twice', { subscriber, topic: 'orders', subscribe: { group: 'g' } }, () => undefined)

  expect(untyped).toBeDefined()
  expect(twice).toThrow(expect.objectContaining({ code: 'BAD_OPTION' }))
  expect(Object.keys(router.stats)).toContain('wrong-value')
})
