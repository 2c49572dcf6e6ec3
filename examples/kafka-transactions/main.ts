// Consume, process, produce, exactly once: what is published and what is acknowledged become true together, or not at
// all. The first attempt fails after it has published; nobody ever sees what it published.
import { message, text } from 'millrace'
import type { Delivery } from 'millrace'
import { kafka } from '@millrace/kafka'

const url = process.env['KAFKA_URL'] ?? 'kafka://127.0.0.1:9092'
await using broker = kafka({ url, transactionalId: 'accounting' })
await broker.publish(
  'payments',
  ['10', '20', '30'].map(amount => message(amount, { key: 'ann' })),
)
await using payments = await broker.subscribe('payments', { group: 'accounting' })
const taken: Delivery[] = []
for await (const delivery of payments) if (taken.push(delivery) === 3) break

for (let attempt = 1; attempt <= 2; attempt++)
  try {
    await broker.transaction?.(async transaction => {
      let balance = 0
      for (const delivery of taken) {
        balance += Number(text(delivery.message))
        await transaction.publish('balances', message(`${balance}, attempt ${attempt}`, { key: 'ann' }))
        transaction.ack(delivery)
      }
      if (attempt === 1) throw new Error('the power fails')
    })
    console.log(`attempt ${attempt}: committed`)
  } catch (error) {
    console.log(`attempt ${attempt}: ${error instanceof Error ? error.message : String(error)}`)
  }

await using balances = await broker.subscribe('balances', { from: 'earliest' })
let left = 3
for await (const { message: balance } of balances) {
  console.log(`balance ${text(balance)}`)
  if (--left === 0) break
}
console.log(`payments left: ${(await broker.lag?.('payments', 'accounting'))?.messages}`)
