// Chapter 1: a publisher sends the weather of many places, a subscriber asks for one (PUB and SUB).
import { Subscriber, XPublisher } from 'zeromq'

const publisher = new XPublisher()
await publisher.bind('tcp://127.0.0.1:*')
const subscriber = new Subscriber()
subscriber.connect(publisher.lastEndpoint ?? '')
subscriber.subscribe('10001 ')
await publisher.receive() // The subscription is here: nothing is published into the void.

for (let reading = 0; reading < 50; reading++) {
  const place = reading % 2 === 0 ? '10001' : '20002'
  await publisher.send(`${place} ${reading} ${50 + (reading % 7)}`)
}

let sum = 0
for (let seen = 0; seen < 25; seen++) {
  const [update] = await subscriber.receive()
  sum += Number(String(update).split(' ')[1])
}
console.log(`25 readings of 10001, on average ${sum / 25}`)
publisher.close()
subscriber.close()
