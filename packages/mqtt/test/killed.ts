/** A consumer that takes fifty, acknowledges the first twenty, tells its parent which, and holds the others until it is killed. */
import { text } from 'millrace'
import { mqtt } from '../src/index.ts'

const [url = '', prefix = '', clientId = ''] = process.argv.slice(2)
const broker = mqtt({ url, prefix, clientId })
const subscription = await broker.subscribe('t', { group: 'g', prefetch: 50 })
await tell('ready')
const acked: string[] = []
for (let i = 0; i < 50; i++) {
  const delivery = await subscription.receive()
  if (i < 20) {
    delivery.ack()
    acked.push(text(delivery.message))
  }
}
await subscription.flush()
await tell(acked)

function tell(what: unknown): Promise<void> {
  return new Promise(resolve => process.send?.(what, undefined, undefined, () => resolve()))
}
