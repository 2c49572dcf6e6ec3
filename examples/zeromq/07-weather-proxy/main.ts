// Chapter 2: a proxy of XSUB and XPUB carries the weather from an inner network to an outer one.
import { Subscriber, XPublisher, XSubscriber } from 'zeromq'

const inner = new XSubscriber()
const outer = new XPublisher()
await inner.bind('tcp://127.0.0.1:*')
await outer.bind('tcp://127.0.0.1:*')
void (async () => {
  for await (const update of inner) await outer.send(update)
})()
void (async () => {
  for await (const subscription of outer) await inner.send(subscription)
})()

const station = new XPublisher()
station.connect(inner.lastEndpoint ?? '')
const reader = new Subscriber()
reader.connect(outer.lastEndpoint ?? '')
reader.subscribe('north')
const [subscription] = await station.receive()
console.log(`the station hears a subscription to ${subscription?.subarray(1)}`)

await station.send(['south', 'rain'])
await station.send(['north', 'snow'])
console.log(`the reader gets ${(await reader.receive()).join(': ')}`)
for (const socket of [inner, outer, station, reader]) socket.close()
