/** A consumer in a process of its own, to be killed. Arguments: url, topic, group, how many to ack. Writes a line for each delivery. */
import { text } from 'millrace'
import { kafka } from '../src/index.ts'

const [url = '', topic = '', group = '', acks = '0'] = process.argv.slice(2)
const broker = kafka({ url, sessionTimeout: 1_500, heartbeatInterval: 300 })
const subscription = await broker.subscribe(topic, { group })
let left = Number(acks)
for await (const delivery of subscription) {
  if (left-- > 0) {
    delivery.ack()
    await subscription.flush()
    process.stdout.write(`acked ${text(delivery.message)} ${delivery.attempt}\n`)
  } else process.stdout.write(`held ${text(delivery.message)} ${delivery.attempt}\n`)
}
