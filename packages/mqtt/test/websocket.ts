/** Publishes one message over WebSocket and tells its parent what it received. By itself, for the test runner resolves `ws` otherwise. */
import { message, text } from 'millrace'
import { mqtt } from '../src/index.ts'

const [url = '', prefix = ''] = process.argv.slice(2)
await using broker = mqtt({ url, prefix })
await using subscription = await broker.subscribe('t')
await broker.publish('t', message('over WebSocket'))
const delivery = await subscription.receive({ signal: AbortSignal.timeout(10_000) })
process.send?.(text(delivery.message))
delivery.ack()
