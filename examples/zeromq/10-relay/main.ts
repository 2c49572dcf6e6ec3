// Chapter 2: three steps signal each other in a row (PAIR over inproc).
import { Pair } from 'zeromq'

async function step(name: string, from: string, to: string): Promise<void> {
  const receiver = new Pair()
  await receiver.bind(from)
  const sender = new Pair()
  sender.connect(to)
  const [signal] = await receiver.receive()
  console.log(`${name} was told: ${signal}`)
  await sender.send(`${name} is ready`)
  receiver.close()
  sender.close()
}

const end = new Pair()
await end.bind('inproc://end')
const steps = [step('second', 'inproc://second', 'inproc://end'), step('first', 'inproc://first', 'inproc://second')]
const begin = new Pair()
begin.connect('inproc://first')
await begin.send('go')
const [signal] = await end.receive()
await Promise.all(steps)
console.log(`the end was told: ${signal}`)
begin.close()
end.close()
