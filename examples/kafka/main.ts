// Kafka, by its URL: customers' orders are worked on side by side, each customer's in their order. One fails once and
// waits for its retry; the other customer's pass it meanwhile.
import { message, Router, text } from 'millrace'
import { connect } from 'millrace/connect'

await using broker = await connect(process.env['KAFKA_URL'] ?? 'kafka://127.0.0.1:9092')
await broker.declare('orders', { group: 'shipping' })
await broker.publish(
  'orders',
  [
    ['ann', 'tea'],
    ['ann', 'milk'],
    ['bob', 'coffee'],
    ['bob', 'sugar'],
  ].map(([customer = '', order = '']) => message(order, { key: customer })),
)

const handled: Record<string, string[]> = { ann: [], bob: [] }
const done = Promise.withResolvers<void>()
const router = new Router()
router.handle(
  'shipping',
  {
    subscriber: broker,
    topic: 'orders',
    concurrency: 4,
    orderBy: ({ message: { key } }) => key,
    redeliver: { attempts: 3, backoff: { base: 50, jitter: 'none' } },
  },
  (order, { delivery: { attempt } }) => {
    const name = text(order)
    const isRefused = name === 'tea' && attempt === 1
    handled[order.key ?? '']?.push(`${name}, attempt ${attempt}: ${isRefused ? 'fails' : 'ships'}`)
    if (isRefused) throw new Error('the kettle is cold')
    if (Object.values(handled).flat().length === 5) done.resolve()
  },
)
const running = router.run()
await done.promise
await router.close()
await running

for (const [customer, lines] of Object.entries(handled)) console.log(`${customer}: ${lines.join('; ')}`)
console.log(`left in the group: ${(await broker.lag?.('orders', 'shipping'))?.messages}`)
