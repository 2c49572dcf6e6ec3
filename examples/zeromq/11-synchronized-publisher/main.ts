// Chapter 2: a publisher waits until all its subscribers have reported, so that none misses the beginning.
import { Publisher, Reply, Request, Subscriber } from 'zeromq'

const expected = 3
const publisher = new Publisher({ sendHighWaterMark: 0 })
const desk = new Reply()
await publisher.bind('tcp://127.0.0.1:*')
await desk.bind('tcp://127.0.0.1:*')

async function subscriber(): Promise<number> {
  const updates = new Subscriber({ receiveHighWaterMark: 0 })
  updates.connect(publisher.lastEndpoint ?? '')
  updates.subscribe('')
  // What is heard first tells that the subscription has arrived.
  await updates.receive()
  const report = new Request()
  report.connect(desk.lastEndpoint ?? '')
  await report.send('here')
  await report.receive()
  report.close()
  let count = 0
  for await (const [text] of updates) {
    if (String(text) === 'END') break
    if (String(text) !== 'soon') count++
  }
  updates.close()
  return count
}

const counting = Array.from({ length: expected }, subscriber)
const calling = setInterval(() => void publisher.send('soon').catch(() => {}), 5)
for (let reported = 0; reported < expected; reported++) {
  await desk.receive()
  await desk.send('thanks')
}
clearInterval(calling)
for (let update = 0; update < 1000; update++) await publisher.send('update')
await publisher.send('END')
for (const count of await Promise.all(counting)) console.log(`a subscriber got ${count} updates`)
publisher.close()
desk.close()
