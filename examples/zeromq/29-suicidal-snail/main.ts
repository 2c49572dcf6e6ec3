// Chapter 5: a subscriber that cannot keep up notices by the age of what it gets, and gives up (Suicidal Snail).
import { Subscriber, XPublisher } from 'zeromq'

const limit = 50
const publisher = new XPublisher({ sendHighWaterMark: 0 })
await publisher.bind('tcp://127.0.0.1:*')
const subscriber = new Subscriber({ receiveHighWaterMark: 0 })
subscriber.connect(publisher.lastEndpoint ?? '')
subscriber.subscribe('')
await publisher.receive()
const publishing = setInterval(() => {
  for (let tick = 0; tick < 10; tick++) void publisher.send(String(Date.now())).catch(() => {})
}, 5)

let taken = 0
for await (const [stamp] of subscriber) {
  taken++
  if (Date.now() - Number(String(stamp)) > limit) {
    console.log(`too late after ${taken > 1 ? 'some' : 'no'} messages: the snail gives up`)
    break
  }
  // Ten come in the time in which it handles two.
  await new Promise(resolve => setTimeout(resolve, 3))
}
clearInterval(publishing)
subscriber.close()
publisher.close()
