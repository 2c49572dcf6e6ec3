// The sensors of a house over MQTT 5. A group takes the readings of every room, under a pattern, and acknowledges each
// when it is handled: what fails comes again. A state is retained: who comes late still sees the last one.
import { message, pattern, text } from 'millrace'
import { mqtt } from '@millrace/mqtt'
import type { MqttSubscribeOptions } from '@millrace/mqtt'

const url = process.env['MQTT_URL'] ?? 'mqtt://127.0.0.1:1883'
await using house = mqtt({ url, publishing: topic => ({ retain: topic.endsWith('.state') }) })
const alarms = await house.subscribe(pattern('house.*.smoke'), {
  group: 'alarms',
  backoff: { base: 50, jitter: 'none' },
})

for (const [room, smoke] of [
  ['kitchen', '3'],
  ['cellar', '87'],
  ['attic', '1'],
] as const)
  // prettier-ignore
  await house.publish(`house.${room}.smoke`, message(smoke, { metadata: { unit: '%' } }))
await house.publish('house.door.state', message('open'))
await house.publish('house.door.state', message('closed'))

let left = 3
for await (const delivery of alarms) {
  const reading = `${text(delivery.message)} ${delivery.message.metadata['unit']}`
  const hasFailed = delivery.topic === 'house.cellar.smoke' && delivery.attempt === 1
  console.log(`${delivery.topic}: ${reading}, attempt ${delivery.attempt}: ${hasFailed ? 'nack' : 'ack'}`)
  if (hasFailed) delivery.nack({ error: new Error('the siren is busy') })
  else delivery.ack()
  if (!hasFailed && --left === 0) break
}
await alarms.close()

const asking: MqttSubscribeOptions = { retained: 'take' }
await using panel = await house.subscribe('house.door.state', asking)
const state = await panel.receive()
console.log(`the door is ${text(state.message)}`)
state.ack()
