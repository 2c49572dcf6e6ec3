// Chapter 5: a forwarder that shows everything that passes through it to a listener (Espresso).
import { Pair, Subscriber, XPublisher, XSubscriber } from 'zeromq'

const front = new XSubscriber()
const back = new XPublisher()
const tap = new Pair()
const listener = new Pair()
await front.bind('tcp://127.0.0.1:*')
await back.bind('tcp://127.0.0.1:*')
await tap.bind('inproc://tap')
listener.connect('inproc://tap')
async function forward(from: typeof front | typeof back, to: typeof front | typeof back): Promise<void> {
  for await (const frames of from) {
    await tap.send(frames)
    await to.send(frames)
  }
}
void forward(front, back)
void forward(back, front)

const publisher = new XPublisher()
publisher.connect(front.lastEndpoint ?? '')
const subscriber = new Subscriber()
subscriber.connect(back.lastEndpoint ?? '')
subscriber.subscribe('A')
await publisher.receive()
await publisher.send('A-1')
await publisher.send('B-2')
await publisher.send('A-3')
for (let seen = 0; seen < 2; seen++) console.log(`the subscriber got ${(await subscriber.receive())[0]}`)
subscriber.unsubscribe('A')
for (let seen = 0; seen < 4; seen++) {
  const [frame = Buffer.alloc(0)] = await listener.receive()
  const kind = frame[0] === 1 ? 'subscription to ' : frame[0] === 0 ? 'unsubscription from ' : ''
  console.log(`the listener saw ${kind}${kind === '' ? frame : frame.subarray(1)}`)
}
// The publisher hears it last; then all has passed through.
console.log(
  `the publisher hears ${(await publisher.receive())[0]?.[0] === 0 ? 'that nobody listens' : 'something else'}`,
)
for (const socket of [front, back, tap, listener, publisher, subscriber]) socket.close()
