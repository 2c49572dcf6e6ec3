// Chapter 2: the topic stands in a frame of its own, before the content.
import { Subscriber, XPublisher } from 'zeromq'

const publisher = new XPublisher()
await publisher.bind('tcp://127.0.0.1:*')
const subscriber = new Subscriber()
subscriber.connect(publisher.lastEndpoint ?? '')
subscriber.subscribe('B')
await publisher.receive()

await publisher.send(['A', 'we do not want to see this'])
await publisher.send(['B', 'we would like to see this'])
await publisher.send(['Bee', 'a longer topic matches, too'])
for (let seen = 0; seen < 2; seen++) {
  const [topic, content] = await subscriber.receive()
  console.log(`[${topic}] ${content}`)
}
publisher.close()
subscriber.close()
