/**
 * Consumes, processes and produces in one transaction, in a process of its own, to be killed before it commits.
 * Arguments: url, source topic, target topic, group, transactional id, how many.
 */
import { message, text } from 'millrace'
import type { Delivery } from 'millrace'
import { kafka } from '../src/index.ts'

const [url = '', from = '', to = '', group = '', transactionalId = '', count = '0'] = process.argv.slice(2)
const broker = kafka({ url, transactionalId, sessionTimeout: 1_500, heartbeatInterval: 300 })
const subscription = await broker.subscribe(from, { group })
const taken: Delivery[] = []
while (taken.length < Number(count)) taken.push(await subscription.receive())
await broker.transaction?.(async transaction => {
  for (const delivery of taken) {
    await transaction.publish(to, message(`from the dead: ${text(delivery.message)}`, { key: 'k' }))
    transaction.ack(delivery)
  }
  process.stdout.write('published\n')
  await new Promise(resolve => setTimeout(resolve, 60_000))
})
