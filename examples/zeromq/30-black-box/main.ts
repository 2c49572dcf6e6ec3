// Chapter 5: one reader takes messages off the network as fast as it can and deals them to workers inside (black box).
import { Pull, Push, Subscriber, XPublisher } from 'zeromq'

const publisher = new XPublisher({ sendHighWaterMark: 0 })
await publisher.bind('tcp://127.0.0.1:*')
const reader = new Subscriber({ receiveHighWaterMark: 0 })
reader.connect(publisher.lastEndpoint ?? '')
reader.subscribe('')
await publisher.receive()
const dealer = new Push({ sendHighWaterMark: 0 })
await dealer.bind('inproc://inside')
const workers = Array.from({ length: 4 }, () => new Pull())
const done = workers.map(() => 0)
let finished = (): void => {}
const all = new Promise<void>(resolve => (finished = resolve))
for (const [at, worker] of workers.entries()) {
  worker.connect('inproc://inside')
  void (async () => {
    for await (const _ of worker) {
      done[at] = (done[at] ?? 0) + 1
      if (done.reduce((sum, one) => sum + one) === 2000) finished()
    }
  })()
}
void (async () => {
  for await (const message of reader) await dealer.send(message)
})()
for (let message = 0; message < 2000; message++) await publisher.send(String(message))
await all
console.log(`the workers took ${done.join(', ')}`)
for (const socket of [publisher, reader, dealer, ...workers]) socket.close()
