// Chapter 5: a proxy that knows the last value of each topic gives it to whoever subscribes late (last value caching).
import { Subscriber, XPublisher } from 'zeromq'

const source = new XPublisher()
await source.bind('tcp://127.0.0.1:*')
const feed = new Subscriber()
feed.connect(source.lastEndpoint ?? '')
feed.subscribe('')
await source.receive()
const cache = new Map<string, Buffer>()
const proxy = new XPublisher()
proxy.verbosity = 'allSubs'
await proxy.bind('tcp://127.0.0.1:*')
let cached = (): void => {}
void (async () => {
  for await (const [topic, value = Buffer.alloc(0)] of feed) {
    cache.set(String(topic), value)
    await proxy.send([topic ?? '', value])
    cached()
  }
})()
void (async () => {
  for await (const [frame = Buffer.alloc(0)] of proxy) {
    const topic = String(frame.subarray(1))
    const value = cache.get(topic)
    if (frame[0] === 1 && value !== undefined) await proxy.send([topic, value])
  }
})()

for (const [topic, value] of [
  ['save', 'wrong'],
  ['rest', 'in peace'],
  ['save', 'our souls'],
] as const) {
  const seen = new Promise<void>(resolve => (cached = resolve))
  await source.send([topic, value])
  await seen
}
const late = new Subscriber()
late.connect(proxy.lastEndpoint ?? '')
late.subscribe('save')
console.log(`the late one gets ${(await late.receive()).join(': ')}`)
await source.send(['save', 'the date'])
console.log(`and then ${(await late.receive()).join(': ')}`)
for (const socket of [source, feed, proxy, late]) socket.close()
