// Chapter 3: three brokers tell each other how many of their workers are free (PUB and SUB, each with each).
import { Subscriber, XPublisher } from 'zeromq'

const brokers = await Promise.all(
  [
    ['DC1', 4],
    ['DC2', 0],
    ['DC3', 7],
  ].map(async ([name, free]) => {
    const state = new XPublisher()
    state.verbosity = 'allSubs'
    await state.bind('tcp://127.0.0.1:*')
    return { name: String(name), free: String(free), state, peers: new Subscriber() }
  }),
)
for (const { name, peers } of brokers) {
  peers.subscribe('')
  for (const other of brokers) if (other.name !== name) peers.connect(other.state.lastEndpoint ?? '')
}
for (const { state } of brokers) for (let peer = 1; peer < brokers.length; peer++) await state.receive()

for (const { name, free, state } of brokers) await state.send([name, free])
for (const { name, peers } of brokers) {
  const heard: string[] = []
  while (heard.length < brokers.length - 1) heard.push((await peers.receive()).join(' has '))
  console.log(`${name}: ${heard.sort().join(', ')}`)
}
for (const { state, peers } of brokers) {
  state.close()
  peers.close()
}
