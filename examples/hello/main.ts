// Publish, subscribe, ack: the whole contract in one screen, with no broker to install.
import { message, text } from 'millrace'
import { memory } from 'millrace/memory'

const broker = memory()
const greetings = await broker.subscribe('greetings')

await broker.publish('greetings', [message('hello'), message('and goodbye')])

for await (const delivery of greetings) {
  console.log(text(delivery.message))
  delivery.ack()
  if (text(delivery.message) === 'and goodbye') break
}
await broker.close()
