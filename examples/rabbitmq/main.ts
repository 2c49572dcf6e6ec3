// RabbitMQ, by its URL: two groups get each order. Billing refuses one for good, and finds it among its dead letters;
// shipping fails once on another, which comes again from the delay ladder as its second attempt. At the end the stream
// of the same topic is read again from its beginning.
import { message, text } from 'millrace'
import type { Subscription } from 'millrace'
import { connect } from 'millrace/connect'

const url = process.env['RABBITMQ_URL'] ?? 'amqp://guest:guest@127.0.0.1:5672'
await using broker = await connect(url)
await using streams = await connect(`${url}?queues=stream`)
await streams.declare('orders') // keeps what is published from now on
const groups = { backoff: { base: 50, jitter: 'none' } } as const
await using billing = await broker.subscribe('orders', { ...groups, group: 'billing' })
await using shipping = await broker.subscribe('orders', { ...groups, group: 'shipping' })

await broker.publish(
  'orders',
  ['tea', 'coffee', 'cocoa'].map(order => message(order)),
)

console.log('billing')
await work(billing, order => (order === 'cocoa' ? 'reject' : 'ack'))
console.log('shipping')
await work(shipping, (order, attempt) => (order === 'coffee' && attempt === 1 ? 'nack' : 'ack'))

await using dead = await broker.subscribe('orders.billing.dead', { group: 'desk' })
const letter = await dead.receive()
console.log(`dead: ${text(letter.message)}, ${letter.message.metadata['millrace-dead-error']}`)
letter.ack()

await using again = await streams.subscribe('orders', { from: 'earliest' })
for (let i = 0; i < 3; i++) {
  const delivery = await again.receive()
  console.log(`once more: ${text(delivery.message)}`)
  delivery.ack()
}

/** Settles until three orders are done with. */
async function work(from: Subscription, decide: (order: string, attempt: number) => 'ack' | 'nack' | 'reject') {
  for (let left = 3; left > 0;) {
    const delivery = await from.receive()
    const order = text(delivery.message)
    const decision = decide(order, delivery.attempt)
    console.log(`  ${order}, attempt ${delivery.attempt}: ${decision}`)
    if (decision === 'ack') delivery.ack()
    else if (decision === 'nack') delivery.nack({ error: new Error('the van is full') })
    else delivery.reject({ reason: 'no account' })
    if (decision !== 'nack') left--
  }
  await from.flush() // the server has it all
}
