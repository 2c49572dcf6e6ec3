/** A process that acknowledges the first messages of its batch, says so, and holds the others until it is killed. */
import { rabbitmq } from '../src/index.ts'

const [, , url = '', topic = '', acks = '0'] = process.argv
const broker = rabbitmq({ url })
const subscription = await broker.subscribe(topic, { group: 'g', prefetch: 50, deadLetter: false })
const acked: string[] = []
const held: string[] = []
while (acked.length + held.length < 50) {
  const delivery = await subscription.receive()
  if (acked.length < Number(acks)) {
    delivery.ack()
    acked.push(delivery.message.id)
  } else held.push(delivery.message.id)
}
await subscription.flush()
process.stdout.write(JSON.stringify({ acked, held }) + '\n')
