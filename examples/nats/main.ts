// JetStream, by its URL: a group of one takes what was published before it came. The second order is refused once, and
// comes again by itself, as its second attempt.
import { message, text } from 'millrace'
import { connect } from 'millrace/connect'

const url = process.env['NATS_URL'] ?? 'nats://127.0.0.1:4222'
await using broker = await connect(url.replace('nats:', 'jetstream:')) // nats: itself is core NATS, which keeps nothing
await broker.declare('orders', { group: 'shipping' }) // so that what comes before the group's first member is kept for it
await broker.publish(
  'orders',
  ['tea', 'coffee', 'cocoa'].map(order => message(order)),
)

await using orders = await broker.subscribe('orders', { group: 'shipping', backoff: { base: 50, jitter: 'none' } })
let left = 3
for await (const delivery of orders) {
  const order = text(delivery.message)
  const isRefused = order === 'coffee' && delivery.attempt === 1
  console.log(`${order}, attempt ${delivery.attempt}: ${isRefused ? 'nack' : 'ack'}`)
  if (isRefused) delivery.nack({ error: new Error('the grinder jams') })
  else delivery.ack()
  if (!isRefused && --left === 0) break
}
await orders.flush() // the server has every ack
