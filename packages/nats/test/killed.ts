/** A consumer that tells its parent what it handled, and what the server has confirmed as acked, until it is killed. */
import { text } from 'millrace'
import { jetstream } from '../src/index.ts'

const [url = '', prefix = ''] = process.argv.slice(2)
const broker = jetstream({ url, prefix })
const subscription = await broker.subscribe('t', { group: 'g', lease: 1000, prefetch: 50 })
for await (const delivery of subscription) {
  await tell({ handled: text(delivery.message) })
  delivery.ack()
  await subscription.flush()
  await tell({ acked: text(delivery.message) })
}

function tell(what: object): Promise<void> {
  return new Promise(resolve => process.send?.(what, undefined, undefined, () => resolve()))
}
